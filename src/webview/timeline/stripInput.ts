/** Mouse, pen, touch and keys on the strip. */
export interface StripHandlers {
    /** The playhead shall go to a place of the strip, in CSS pixels. */
    seek(x: number): void;
    /** By so many bars. */
    step(bars: number): void;
    /** To the begin of the recording (-1), or to now (1). */
    end(direction: 1 | -1): void;
    /** More than 1 shows more; `x` = around which place, undefined = around the playhead. */
    zoom(factor: number, x?: number): void;
    /** In CSS pixels. */
    pan(by: number): void;
    showAll(): void;
    hover(x: number): void;
    leave(): void;
    /** A drag begins or has ended. */
    hold(isHeld: boolean): void;
}

/** Zoom of one notch of a wheel, which is 100 or so; a touchpad gives many small ones. */
const zoomPerDelta = 1.0025;
const zoomPerKey = 1.5;
const screenStep = 10;

export function listenToStrip(strip: HTMLElement, slider: HTMLElement, handlers: StripHandlers): void {
    const at = ({ clientX }: MouseEvent): number => clientX - strip.getBoundingClientRect().left;
    strip.addEventListener('pointerdown', (event) => {
        if (event.button !== 0) return;
        event.preventDefault();
        slider.focus();
        strip.setPointerCapture(event.pointerId);
        handlers.hold(true);
        handlers.seek(at(event));
    });
    strip.addEventListener('lostpointercapture', () => handlers.hold(false));
    strip.addEventListener('pointermove', (event) => {
        if (strip.hasPointerCapture(event.pointerId)) handlers.seek(at(event));
        handlers.hover(at(event));
    });
    strip.addEventListener('pointerleave', () => handlers.leave());
    strip.addEventListener('dblclick', () => handlers.showAll());
    strip.addEventListener(
        'wheel',
        (event) => {
            event.preventDefault();
            const across = event.shiftKey ? event.deltaY : event.deltaX;
            if (across !== 0) handlers.pan(across);
            else handlers.zoom(zoomPerDelta ** event.deltaY, at(event));
        },
        { passive: false },
    );
    slider.addEventListener('keydown', (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        const act = keys[event.key];
        if (act === undefined) return;
        event.preventDefault();
        act(handlers);
    });
}

const keys: Readonly<Partial<Record<string, (handlers: StripHandlers) => void>>> = {
    ArrowLeft: (handlers) => handlers.step(-1),
    ArrowDown: (handlers) => handlers.step(-1),
    ArrowRight: (handlers) => handlers.step(1),
    ArrowUp: (handlers) => handlers.step(1),
    PageDown: (handlers) => handlers.step(-screenStep),
    PageUp: (handlers) => handlers.step(screenStep),
    Home: (handlers) => handlers.end(-1),
    End: (handlers) => handlers.end(1),
    '+': (handlers) => handlers.zoom(1 / zoomPerKey),
    '=': (handlers) => handlers.zoom(1 / zoomPerKey),
    '-': (handlers) => handlers.zoom(zoomPerKey),
    '0': (handlers) => handlers.showAll(),
};
