/** One state of an open map: its runs in a native index, with what is told about them. It is never changed. */
import type { PageRunIndex } from '../../../native/index';
import type { PageTotals, Unknown, VmDetails } from '../../common/model';
import type { CountedKind, Extent } from '../../common/openedMap';
import type { PageRuns } from '../../common/pageRuns';
import { native } from '../native';
import { countedKinds } from './countedKinds';

/** What is told beside the runs. */
export interface MapFacts {
    readonly details: VmDetails;
    readonly addressSpace: number;
    readonly takenAt: string;
    readonly consistent: boolean;
    readonly totals: PageTotals;
    readonly unknown: readonly Unknown[];
}

export interface IndexedMap extends MapFacts {
    readonly generation: number;
    /** In a comparison, when the earlier map was taken; else null. */
    readonly comparedWith: string | null;
    readonly index: PageRunIndex;
    readonly kinds: readonly CountedKind[];
    readonly outside: readonly Extent[];
}

/** As many extents are told at once; near ones are told as one. */
export const mostExtents = 4096;

export const indexRuns = (runs: PageRuns): PageRunIndex => new (native().PageRunIndex)(runs);

export async function indexedMap(
    // Not more than these: what else a caller has beside them may be large.
    { details, addressSpace, takenAt, consistent, totals, unknown }: MapFacts,
    index: PageRunIndex,
    generation: number,
    comparedWith: string | null = null,
): Promise<IndexedMap> {
    const kinds = countedKinds(index.kinds, comparedWith !== null);
    const isOutside = Uint8Array.from(kinds, (kind) => (kind.inMemslot || kind.before?.inMemslot === true ? 0 : 1));
    const outside = toExtents(await index.extents(isOutside, wanted([1]), mostExtents));
    return { details, addressSpace, takenAt, consistent, totals, unknown, generation, comparedWith, index, kinds, outside };
}

/** As the index takes the classes that are asked for. */
export function wanted(classes: readonly number[]): Uint8Array {
    const bytes = new Uint8Array(256);
    for (const one of classes) bytes[one] = 1;
    return bytes;
}

/** From pairs of gfns. */
export const toExtents = (pairs: Float64Array): Extent[] =>
    Array.from({ length: pairs.length / 2 }, (_, i) => ({ start: pairs[2 * i] ?? 0, end: pairs[2 * i + 1] ?? 0 }));
