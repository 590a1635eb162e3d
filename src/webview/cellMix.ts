/**
 * How a cell that holds several states is divided: never by averaging colours. The cell is split from left to right
 * into private, shared and hole; each that occurs keeps at least a quarter of the width, so that one private page in
 * a GiB of shared ones is still seen. Within private and within shared the classes share by their pages, with at
 * least one device pixel each while there are enough.
 */
import { classCount, classIsPrivate, residencies } from './pageClass';

/** Widths in device pixels: one for each class, and the last for pages without memslot. */
export type CellMix = Uint16Array;
export const holeIndex = classCount;
export const makeCellMix = (): CellMix => new Uint16Array(classCount + 1);

const groups = new Float64Array(3);
const groupWidths = new Uint16Array(3);

/**
 * Divides `width` device pixels among the classes of one cell; `counts` holds the pages per class from `at` on and
 * `pages` is the size of the cell. The widths add up to `width`.
 */
export function mixCell(counts: Float64Array, at: number, pages: number, width: number, into: CellMix): void {
    groups.fill(0);
    for (let c = 0; c < classCount; c++) {
        const group = classIsPrivate(c) ? 0 : 1;
        groups[group] = (groups[group] ?? 0) + (counts[at + c] ?? 0);
    }
    groups[2] = pages - (groups[0] ?? 0) - (groups[1] ?? 0);
    apportion(groups, 0, 3, width, Math.ceil(width / 4), groupWidths, 0);
    const half = residencies.length;
    apportion(counts, at, half, groupWidths[0] ?? 0, 1, into, 0);
    apportion(counts, at + half, half, groupWidths[1] ?? 0, 1, into, half);
    into[holeIndex] = groupWidths[2] ?? 0;
}

/** Gives each weight above 0 at least `least` (or an equal part, when that is less) and shares the rest by weight. */
function apportion(
    weights: Float64Array,
    at: number,
    count: number,
    width: number,
    least: number,
    into: CellMix,
    intoAt: number,
): void {
    let sum = 0;
    let present = 0;
    for (let i = 0; i < count; i++) {
        const weight = weights[at + i] ?? 0;
        sum += weight;
        if (weight > 0) present++;
    }
    const floor = Math.min(least, Math.floor(width / Math.max(1, present)));
    const spare = width - present * floor;
    let before = 0;
    for (let i = 0; i < count; i++) {
        const weight = weights[at + i] ?? 0;
        const after = before + weight;
        const share = sum === 0 ? 0 : Math.round((spare * after) / sum) - Math.round((spare * before) / sum);
        into[intoAt + i] = weight > 0 ? floor + share : 0;
        before = after;
    }
}
