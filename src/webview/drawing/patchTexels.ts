/**
 * A patch of cells as both renderers take it: for each row of cells a line of bytes, one for each device pixel, that
 * name the image of the atlas to be seen there.
 */
import type { MapTile } from '../../common/mapTiles';
import type { CellSize } from './cellAtlas';
import { holeClass, makeCellMix, mixCell, nothingClass } from './cellMix';
import type { Patch } from '../layout/layout';

const mix = makeCellMix();

/** `tiles` are those of the patch's pieces; `classes` is how many classes the layer has. */
export function patchTexels(tiles: readonly (MapTile | null)[], patch: Patch, { width, gap }: CellSize, classes: number): Uint8Array {
    const { columns, rows, places, pieces } = patch;
    const nothing = classes + 1;
    const texels = new Uint8Array(columns * rows * width).fill(nothing);
    let cell = 0;
    pieces.forEach((piece, index) => {
        const tile = tiles[index] ?? null;
        for (let i = 0; i < piece.cells; i++, cell++) {
            if (tile === null) continue;
            mixCell(tile, piece.first + i, width - gap, mix);
            let to = (places?.[cell] ?? cell) * width;
            let image = nothing;
            for (let part = 0; part < mix.parts; part++) {
                const mapClass = mix.classes[part] ?? nothingClass;
                image = mapClass === holeClass ? classes : mapClass === nothingClass ? nothing : mapClass;
                const end = to + (mix.widths[part] ?? 0);
                texels.fill(image, to, end);
                to = end;
            }
            // The gap is part of the image.
            texels.fill(image, to, to + gap);
        }
    });
    return texels;
}
