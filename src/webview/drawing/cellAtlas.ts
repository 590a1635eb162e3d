/**
 * Every kind of cell drawn once, as pixels to copy from: drawing thousands of small images is many times slower. The
 * images lie one below the other: image i is the class i of the layer; then come the hole and what is not known yet.
 * Each has the gap to the next cell at its right and lower edge.
 */
import type { MapLayer } from '../../common/mapLayer';
import { drawTile } from './cellTile';
import type { Palette } from './palette';

const fadedAlpha = 0.2;

/** Of a cell, in device pixels; the gap is part of both. */
export interface CellSize {
    readonly width: number;
    readonly height: number;
    readonly gap: number;
}

export class CellAtlas {
    /** Opaque pixels, line by line. */
    readonly pixels: Uint32Array;
    readonly images: number;
    readonly background: number;

    /** The classes to stand out are those of `highlight`; none = all alike. */
    constructor(
        palette: Palette,
        { classes }: MapLayer,
        highlight: ReadonlySet<number>,
        readonly size: CellSize,
    ) {
        const { width, height, gap } = size;
        this.images = classes.length + 2;
        const canvas = new OffscreenCanvas(width, this.images * height);
        const context = canvas.getContext('2d', { willReadFrequently: true });
        if (context === null) throw new Error('The page map could not be drawn: this window gave no 2D canvas.');
        context.fillStyle = palette.background;
        context.fillRect(0, 0, width, canvas.height);
        classes.forEach((mapClass, index) => {
            context.globalAlpha = highlight.size > 0 && !highlight.has(index) ? fadedAlpha : 1;
            context.setTransform(1, 0, 0, 1, 0, index * height);
            drawTile(context, palette, mapClass, width - gap, height - gap);
        });
        context.globalAlpha = 1;
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.fillStyle = palette.map.hole;
        context.fillRect(0, classes.length * height, width - gap, height - gap);
        this.pixels = new Uint32Array(context.getImageData(0, 0, width, canvas.height).data.buffer);
        this.background = this.pixels[this.pixels.length - 1] ?? 0;
    }
}
