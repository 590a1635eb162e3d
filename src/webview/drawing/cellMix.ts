/**
 * How a cell that holds several classes is divided: never by averaging colours. The cell is split from left to right in
 * the order of the classes, then what no memslot covers; each that occurs keeps at least a quarter of the width, or an
 * equal part where more than four occur, so that one private page in a GiB of shared ones is still seen. The rest is
 * shared by pages. Of more classes than device pixels the first ones are shown, which are the ones to notice.
 */
import type { MapTile } from '../../common/mapTiles';

/** Stands for the pages of a cell that no memslot covers. */
export const holeClass = 255;
/** Stands for pages of which nothing is known yet. */
export const nothingClass = 254;

/** The parts of a cell from left to right; `widths` are in device pixels. */
export interface CellMix {
    parts: number;
    readonly classes: Uint8Array;
    readonly widths: Uint16Array;
}
export const makeCellMix = (): CellMix => ({ parts: 0, classes: new Uint8Array(256), widths: new Uint16Array(256) });

const weights = new Float64Array(256);

/** Divides `width` device pixels among the classes of one cell. The widths add up to `width`. */
export function mixCell(tile: MapTile, cell: number, width: number, into: CellMix): void {
    const first = tile.offsets[cell] ?? 0;
    const end = tile.offsets[cell + 1] ?? first;
    const pages = 2 ** tile.level;
    let parts = 0;
    let sum = 0;
    for (let entry = first; entry < end; entry++) {
        const weight = tile.pages[entry] ?? 0;
        weights[parts] = weight;
        into.classes[parts++] = tile.classes[entry] ?? nothingClass;
        sum += weight;
    }
    if (sum < pages) {
        weights[parts] = pages - sum;
        into.classes[parts++] = holeClass;
    }
    into.parts = Math.min(parts, width);
    apportion(width, into);
}

function apportion(width: number, { parts, widths }: CellMix): void {
    let sum = 0;
    for (let i = 0; i < parts; i++) sum += weights[i] ?? 0;
    const least = Math.min(Math.ceil(width / 4), Math.floor(width / parts));
    const spare = width - parts * least;
    let before = 0;
    for (let i = 0; i < parts; i++) {
        const after = before + (weights[i] ?? 0);
        widths[i] = least + Math.round((spare * after) / sum) - Math.round((spare * before) / sum);
        before = after;
    }
}
