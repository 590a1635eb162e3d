/**
 * The scrolling panel over the canvases. Browsers limit how large an element can be (Chromium: 2^25 pixels), and a large
 * guest at one page per cell exceeds that: beyond `largest` one pixel of the scroll bar stands for several.
 */
import { element } from '../dom';

const largest = 16_000_000;
/** Pixels for each unit of a wheel: pixels, lines; a page is the height of the panel. */
const lineHeights: readonly number[] = [1, 24];

/** One of its directions. */
interface Axis {
    content: number;
    current: number;
    readonly room: () => number;
    readonly position: 'scrollLeft' | 'scrollTop';
    readonly size: 'width' | 'height';
}

export class ScrollArea {
    private readonly spacer = element('div', 'spacer');
    readonly element = element('div', 'scroller', this.spacer);
    private readonly across: Axis = { content: 0, current: 0, room: () => this.width, position: 'scrollLeft', size: 'width' };
    private readonly down: Axis = { content: 0, current: 0, room: () => this.height, position: 'scrollTop', size: 'height' };

    constructor(onScroll: () => void) {
        this.element.addEventListener('scroll', () => {
            const moved = [this.across, this.down].filter((axis) => this.take(axis));
            if (moved.length > 0) onScroll();
        });
        this.element.addEventListener(
            'wheel',
            (event) => {
                // Where a pixel of the scroll bar stands for several, the wheel would leap over what is between.
                if (event.ctrlKey || event.metaKey || event.shiftKey || event.deltaX !== 0 || this.scale(this.down) <= 1) return;
                event.preventDefault();
                this.scrollTo(this.left, this.top + event.deltaY * (lineHeights[event.deltaMode] ?? this.height));
                onScroll();
            },
            { passive: false },
        );
    }

    get left(): number {
        return this.across.current;
    }

    get top(): number {
        return this.down.current;
    }

    get height(): number {
        return this.element.clientHeight;
    }

    /** Without the scroll bar. */
    get width(): number {
        return this.element.clientWidth;
    }

    setContent(width: number, height: number): void {
        this.across.content = width;
        this.down.content = height;
        for (const axis of [this.across, this.down]) this.spacer.style[axis.size] = `${Math.min(axis.content, largest)}px`;
        // A bar for what fits would come and go with each rounding.
        this.element.style.overflowX = width > this.width ? 'scroll' : 'hidden';
    }

    scrollTo(left: number, top: number): void {
        this.move(this.across, left);
        this.move(this.down, top);
    }

    private move(axis: Axis, to: number): void {
        axis.current = Math.min(Math.max(to, 0), Math.max(0, axis.content - axis.room()));
        this.element[axis.position] = axis.current / this.scale(axis);
    }

    /** Takes over where the user scrolled. */
    private take(axis: Axis): boolean {
        const position = this.element[axis.position];
        const scale = this.scale(axis);
        // A position that `scrollTo` set comes back here, rounded: it says nothing new.
        if (Math.abs(position - axis.current / scale) < 1) return false;
        axis.current = position * scale;
        return true;
    }

    /** Content pixels for each pixel of the scroll bar. */
    private scale({ content, room }: Axis): number {
        const hidden = Math.min(content, largest) - room();
        return content <= largest || hidden <= 0 ? 1 : (content - room()) / hidden;
    }
}
