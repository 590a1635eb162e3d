/**
 * A patch of cells as both renderers take it: for each row of cells a line of bytes, one for each device pixel, that
 * name the image of the atlas to be seen there.
 */
import type { MapTile } from '../common/mapTiles';
import type { CellSize } from './cellAtlas';
import { holeClass, makeCellMix, mixCell, nothingClass } from './cellMix';
import type { Patch } from './layout';

const mix = makeCellMix();

/** `classes` is how many classes the layer has. */
export function patchTexels(tile: MapTile, patch: Patch, { width, gap }: CellSize, classes: number): Uint8Array {
    const { columns, rows, first } = patch;
    const texels = new Uint8Array(columns * rows * width);
    let to = 0;
    for (let cell = 0; cell < columns * rows; cell++) {
        mixCell(tile, first + cell, width - gap, mix);
        let image = 0;
        for (let part = 0; part < mix.parts; part++) {
            const mapClass = mix.classes[part] ?? nothingClass;
            image = mapClass === holeClass ? classes : mapClass === nothingClass ? classes + 1 : mapClass;
            const end = to + (mix.widths[part] ?? 0);
            texels.fill(image, to, end);
            to = end;
        }
        // The gap is part of the image.
        texels.fill(image, to, to + gap);
        to += gap;
    }
    return texels;
}
