/**
 * The Hilbert curve on a square of 2^order by 2^order places. It begins at the upper left and ends at the lower left, its
 * first half is the upper half, and a curve of a higher order only refines the places of a lower one. Positions may
 * exceed 32 bits.
 */
export interface CurvePlace {
    readonly x: number;
    readonly y: number;
}

/** The place of a position on the curve. */
export function curvePlace(order: number, position: number): CurvePlace {
    let x = 0;
    let y = 0;
    let rest = position;
    for (let step = 0, side = 1; step < order; step++, side *= 2) {
        const lower = Math.floor(rest / 2) % 2;
        const right = (rest % 2) ^ lower;
        if (right === 0) {
            // The curves of the first and of the last quarter are mirrored, so that they begin and end where they must.
            [x, y] = lower === 1 ? [side - 1 - y, side - 1 - x] : [y, x];
        }
        x += side * right;
        y += side * lower;
        rest = Math.floor(rest / 4);
    }
    return { x, y };
}

/** The position on the curve of a place: the inverse of `curvePlace`. */
export function curvePosition(order: number, { x: column, y: row }: CurvePlace): number {
    let [x, y] = [column, row];
    let position = 0;
    for (let side = 2 ** (order - 1); side >= 1; side /= 2) {
        const right = x >= side ? 1 : 0;
        const lower = y >= side ? 1 : 0;
        position += side * side * ((3 * lower) ^ right);
        x -= side * right;
        y -= side * lower;
        if (right === 0) [x, y] = lower === 1 ? [side - 1 - y, side - 1 - x] : [y, x];
    }
    return position;
}
