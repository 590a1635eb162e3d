/** One state of an open map: its runs in a native index, with what is told about them. It is never changed. */
import type { PageRunIndex } from '../../../native/index';
import { recentChangeLayer } from '../../common/layers/recentChangeLayer';
import type { MapLayer } from '../../common/mapLayer';
import { classesOf } from '../../common/mapLayers';
import type { PageTotals, Unknown, VmDetails } from '../../common/model';
import type { CountedKind, Extent } from '../../common/openedMap';
import type { PageRuns } from '../../common/pageRuns';
import { native } from '../native';
import { comparedKinds, kindsByAge, plainKinds } from './countedKinds';
import type { RecentChanges } from './recentChanges';

/** What is told beside the runs. */
export interface MapFacts {
    readonly details: VmDetails;
    readonly addressSpace: number;
    readonly takenAt: string;
    readonly consistent: boolean;
    readonly totals: PageTotals;
    readonly unknown: readonly Unknown[];
}

/** Runs, and the kinds of their pages in the order of the index. */
interface KnownRuns {
    readonly index: PageRunIndex;
    readonly kinds: readonly CountedKind[];
}

export interface IndexedMap extends MapFacts, KnownRuns {
    readonly generation: number;
    /** In a comparison, when the earlier map was taken; else null. */
    readonly comparedWith: string | null;
    readonly outside: readonly Extent[];
    /** The same runs, cut where they changed lately; null where nothing did. */
    readonly byAge: KnownRuns | null;
}

/** As many extents are told at once; near ones are told as one. */
export const mostExtents = 4096;

export const indexRuns = (runs: PageRuns): PageRunIndex => new (native().PageRunIndex)(runs);

export async function indexedMap(
    // Not more than these: what else a caller has beside them may be large.
    { details, addressSpace, takenAt, consistent, totals, unknown }: MapFacts,
    index: PageRunIndex,
    generation: number,
    { comparedWith = null, recent }: { readonly comparedWith?: string | null; readonly recent?: RecentChanges } = {},
): Promise<IndexedMap> {
    const kinds = comparedWith === null ? plainKinds(index.kinds) : comparedKinds(index.kinds);
    const isOutside = Uint8Array.from(kinds, (kind) => (kind.inMemslot || kind.before?.inMemslot === true ? 0 : 1));
    const outside = toExtents(await index.extents(isOutside, wanted([1]), mostExtents));
    const byAge = recent === undefined || recent.isEmpty ? null : await cutByAge(index, recent);
    return { details, addressSpace, takenAt, consistent, totals, unknown, generation, comparedWith, index, kinds, outside, byAge };
}

/** A comparison of when pages changed with what they are. */
async function cutByAge(runs: PageRunIndex, recent: RecentChanges): Promise<KnownRuns> {
    const index = await native().PageRunIndex.compare(indexRuns(recent.marks(false)), runs);
    return { index, kinds: kindsByAge(index.kinds) };
}

/** The runs as a layer classifies them. */
export function runsIn(map: IndexedMap, layer: MapLayer): { readonly index: PageRunIndex; readonly classes: Uint8Array } {
    const { index, kinds } = layer === recentChangeLayer && map.byAge !== null ? map.byAge : map;
    return { index, classes: classesOf(layer, kinds) };
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
