/** What a replay cannot tell, and why. */
import { toHex } from '../../common/address';
import type { MemoryEventKind, MissingEvents } from '../../common/memoryEvents';
import type { Unknown } from '../../common/model';
import { toTime } from '../events/describeEvent';
import type { ReplayState } from './replayState';

const untold = (...fields: readonly string[]): Unknown[] =>
    fields.map((field) => ({ field, reason: 'the map is replayed from recorded events, and none of them tells it' }));

/** At no time. */
export const neverTold: readonly Unknown[] = [
    ...untold('hvaBacking', 'guestMapping', 'dirty', 'whyNotLarger', 'totals.doubleBacked'),
    {
        field: 'gmemBacking',
        reason: 'no recorded event tells that an allocated page is prepared, on which NUMA node a new page is, or that the last file descriptor of a guest_memfd is closed',
    },
];

/** Why events of a kind are not recorded on this kernel; null where they are. */
export const missingReason = (missing: readonly MissingEvents[], kind: MemoryEventKind): string | null =>
    missing.find(({ kinds }) => kinds.includes(kind))?.reason ?? null;

/** Why the map at a time may be wrong. `lostSince` is when events were lost before that time; null = none were. */
export function doubtsOf(state: ReplayState, missing: readonly MissingEvents[], lostSince: number | null): Unknown[] {
    const doubts: Unknown[] = [];
    const noMemslots = missingReason(missing, 'memslot');
    if (noMemslots !== null) doubts.push({ field: 'memslot', reason: `changes of memslots are not recorded here: ${noMemslots}` });
    const noAttributes = missingReason(missing, 'attributes-changed') === null ? null : missingReason(missing, 'attributes');
    if (noAttributes !== null) doubts.push({ field: 'attribute', reason: `changes of attributes are not recorded here: ${noAttributes}` });
    if (lostSince !== null) {
        const reason = `events found no room after ${toTime(lostSince)}, and what they changed is not known`;
        for (const field of ['attribute', 'gmemBacking', 'memslot']) doubts.push({ field, reason });
    }
    if (!state.disputed.isEmpty) doubts.push({ field: 'attribute', reason: disputeOf(state) });
    if (state.contradiction !== null) doubts.push({ field: 'memslot', reason: `the events contradict each other: ${state.contradiction}` });
    return doubts;
}

function disputeOf({ disputed }: ReplayState): string {
    const first = disputed.next(true, 0, Infinity);
    const place = `${toHex(first * 4096)}+${toHex((disputed.next(false, first, Infinity) - first) * 4096)}`;
    return `which of several calls for the same pages at the same time KVM took last, or what a failed one has done, cannot be told (${disputed.count()} pages, the first at ${place})`;
}
