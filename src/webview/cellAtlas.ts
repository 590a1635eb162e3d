/** Every kind of cell drawn once, as pixels to copy from: drawing thousands of small images is many times slower. */
import { holeIndex } from './cellMix';
import { drawTile } from './cellTile';
import { classCount, type PageClass } from './pageClass';
import type { Palette } from './palette';

/** The tiles: one for each class, then a hole; each is `width` by `height` device pixels. */
const tileCount = holeIndex + 1;

export class CellAtlas {
    /** Opaque pixels: the tiles lie side by side, so a line of pixels is `stride` long. */
    readonly pixels: Uint32Array;
    readonly stride: number;
    readonly background: number;

    constructor(
        palette: Palette,
        readonly width: number,
        readonly height: number,
        isFaded: (pageClass: PageClass) => boolean,
    ) {
        this.stride = tileCount * width;
        const canvas = new OffscreenCanvas(this.stride + 1, height);
        const context = canvas.getContext('2d', { willReadFrequently: true });
        if (context === null) throw new Error('The page map could not be drawn: this window gave no 2D canvas.');
        context.fillStyle = palette.background;
        context.fillRect(0, 0, canvas.width, height);
        for (let pageClass = 0; pageClass < classCount; pageClass++) {
            context.globalAlpha = isFaded(pageClass) ? 0.2 : 1;
            context.setTransform(1, 0, 0, 1, pageClass * width, 0);
            drawTile(context, palette, pageClass, width, height);
        }
        context.globalAlpha = 1;
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.fillStyle = palette.map.hole;
        context.fillRect(holeIndex * width, 0, width, height);
        this.pixels = new Uint32Array(context.getImageData(0, 0, this.stride, height).data.buffer);
        this.background = new Uint32Array(context.getImageData(this.stride, 0, 1, 1).data.buffer)[0] ?? 0;
    }
}
