/**
 * The scrolling panel over the canvases. Browsers limit how tall an element can be (Chromium: 2^25 pixels), and a
 * large guest at one page per cell exceeds that: beyond `tallest` one pixel of the scroll bar stands for several.
 */
import { element } from './dom';

const tallest = 16_000_000;

export class ScrollArea {
    private readonly spacer = element('div', 'spacer');
    readonly element = element('div', 'scroller', this.spacer);
    private contentHeight = 0;
    private current = 0;

    constructor(onScroll: () => void) {
        this.element.addEventListener('scroll', () => {
            // A position that `scrollTo` set comes back here, rounded: it says nothing new.
            if (Math.abs(this.element.scrollTop - this.current / this.scale()) < 1) return;
            this.current = this.element.scrollTop * this.scale();
            onScroll();
        });
    }

    get top(): number {
        return this.current;
    }

    get height(): number {
        return this.element.clientHeight;
    }

    /** Without the scroll bar. */
    get width(): number {
        return this.element.clientWidth;
    }

    setContentHeight(height: number): void {
        this.contentHeight = height;
        this.spacer.style.height = `${Math.min(height, tallest)}px`;
    }

    scrollTo(top: number): void {
        this.current = Math.min(Math.max(top, 0), Math.max(0, this.contentHeight - this.height));
        this.element.scrollTop = this.current / this.scale();
    }

    /** Content pixels for each pixel of the scroll bar. */
    private scale(): number {
        const room = Math.min(this.contentHeight, tallest) - this.height;
        return this.contentHeight <= tallest || room <= 0 ? 1 : (this.contentHeight - this.height) / room;
    }
}
