/** Mouse, pen and touch on the map, in coordinates of its panel. */
export interface PointerHandlers {
    hover(x: number, y: number): void;
    leave(): void;
    /** A press at a point; `extend` = Shift is down. */
    press(x: number, y: number, extend: boolean): void;
    drag(x: number, y: number): void;
    openRun(x: number, y: number): void;
    zoom(direction: 1 | -1, x: number, y: number): void;
}

/** Sum of wheel deltas for one zoom level: a notch of a wheel gives 100 or so, a pinch many small ones. */
const wheelStep = 40;

export function listenToPointer(target: HTMLElement, handlers: PointerHandlers): void {
    const at = (event: MouseEvent): [number, number] => {
        const box = target.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
    };
    target.addEventListener('pointerdown', (event) => {
        const [x, y] = at(event);
        // A press on the scroll bar is not one on the map.
        if (event.button !== 0 || x >= target.clientWidth) return;
        target.setPointerCapture(event.pointerId);
        handlers.press(x, y, event.shiftKey);
    });
    target.addEventListener('pointermove', (event) => {
        if (target.hasPointerCapture(event.pointerId)) handlers.drag(...at(event));
        handlers.hover(...at(event));
    });
    target.addEventListener('pointerleave', () => handlers.leave());
    target.addEventListener('dblclick', (event) => handlers.openRun(...at(event)));
    let pending = 0;
    target.addEventListener(
        'wheel',
        (event) => {
            if (!event.ctrlKey && !event.metaKey) return;
            event.preventDefault();
            pending += event.deltaY;
            if (Math.abs(pending) < wheelStep) return;
            handlers.zoom(pending < 0 ? 1 : -1, ...at(event));
            pending = 0;
        },
        { passive: false },
    );
}
