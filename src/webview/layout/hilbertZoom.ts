/**
 * Zoom levels of the Hilbert layout. From one to the next a cell is divided into four; at level n ≥ 0 a cell is 2^n pages,
 * and n is even; below 0 a cell is one page and is drawn larger.
 */
import { HilbertLayout, type Chunks } from './hilbertLayout';
import type { Viewport } from './layout';

export const lowestLevel = -2;
/** Cells narrower than this leave no room for a mix of classes. */
const narrowestCell = 6;
const widestCell = 40;
const usualCell = 10;
const largeCell = 24;

/** Whole device pixels, in CSS pixels. */
const whole = (cssPixels: number, { ratio }: Viewport) => Math.max(1, Math.floor(cssPixels * ratio)) / ratio;

export function layoutAt(level: number, chunks: Chunks, viewport: Viewport): HilbertLayout {
    return new HilbertLayout(chunks, Math.max(0, level), whole(level < 0 ? largeCell : usualCell, viewport));
}

/** The lowest level at which everything fits into the viewport, in cells that can be told apart. */
export function fitLevel(chunks: Chunks, viewport: Viewport): number {
    const fits = (level: number) => {
        const { width, height } = new HilbertLayout(chunks, level, narrowestCell);
        return width <= viewport.width && height <= viewport.height;
    };
    let level = Math.log2(chunks.chunkPages);
    while (level > 0 && fits(level - 2)) level -= 2;
    return level;
}

/** The layout of the fitted level, its cells as large as there is room. */
export function fittedLayout(chunks: Chunks, viewport: Viewport): HilbertLayout {
    const level = fitLevel(chunks, viewport);
    const unit = new HilbertLayout(chunks, level, 1);
    const size = Math.min(viewport.width / Math.max(1, unit.width), viewport.height / Math.max(1, unit.height));
    return new HilbertLayout(chunks, level, whole(Math.min(size, widestCell), viewport));
}
