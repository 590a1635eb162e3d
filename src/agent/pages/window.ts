import type { GpaRange } from '../../common/range';
import { gfnLimit } from './attributeWalk';

/** A window of guest frame numbers, [gfn, end). */
export interface Window {
    readonly gfn: number;
    readonly end: number;
}

export const everything: Window = { gfn: 0, end: gfnLimit };

export const windowOf = (range: GpaRange): Window => ({
    gfn: Number(range.start >> 12n),
    end: Number((range.start + range.size) >> 12n),
});
