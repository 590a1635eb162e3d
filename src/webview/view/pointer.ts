/** Mouse, pen and touch on the map, in coordinates of its panel. */
export interface PointerHandlers {
    hover(x: number, y: number): void;
    leave(): void;
    /** A press at a point; `extend` = Shift is down. */
    press(x: number, y: number, extend: boolean): void;
    drag(x: number, y: number): void;
    /** The map shall follow the pointer. */
    pan(x: number, y: number): void;
    openRun(x: number, y: number): void;
    zoom(direction: 1 | -1, x: number, y: number): void;
    /** The Space key, when it was not held to pan. */
    tapSpace(): void;
}

/** Sum of wheel deltas for one zoom level: a notch of a wheel gives 100 or so, a pinch many small ones. */
const wheelStep = 40;
const middleButton = 1;

export function listenToPointer(target: HTMLElement, handlers: PointerHandlers): void {
    const at = (event: MouseEvent): [number, number] => {
        const box = target.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
    };
    const space = listenToSpace(target, () => handlers.tapSpace());
    let isPanning = false;
    const setPanning = (is: boolean) => {
        isPanning = is;
        target.classList.toggle('panning', is);
    };
    target.addEventListener('pointerdown', (event) => {
        const [x, y] = at(event);
        // A press on a scroll bar is not one on the map.
        if (x >= target.clientWidth || y >= target.clientHeight) return;
        const pans = event.button === middleButton || (event.button === 0 && space.isDown());
        if (event.button !== 0 && !pans) return;
        target.setPointerCapture(event.pointerId);
        if (pans) {
            space.use();
            setPanning(true);
        } else {
            handlers.press(x, y, event.shiftKey);
        }
    });
    // Chromium begins a scrolling of its own with the middle button.
    target.addEventListener('mousedown', (event) => {
        if (event.button === middleButton) event.preventDefault();
    });
    target.addEventListener('lostpointercapture', () => setPanning(false));
    target.addEventListener('pointermove', (event) => {
        if (isPanning) {
            handlers.pan(event.movementX, event.movementY);
            return;
        }
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

/** The Space key pans while a button is pressed with it; alone it does something else when it is let go. */
function listenToSpace(target: HTMLElement, onTap: () => void): { isDown(): boolean; use(): void } {
    let state: 'up' | 'down' | 'used' = 'up';
    target.addEventListener('keydown', (event) => {
        if (event.key !== ' ' || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        if (state === 'up') state = 'down';
    });
    target.addEventListener('keyup', (event) => {
        if (event.key !== ' ') return;
        if (state === 'down') onTap();
        state = 'up';
    });
    target.addEventListener('blur', () => (state = 'up'));
    return { isDown: () => state !== 'up', use: () => (state = 'used') };
}
