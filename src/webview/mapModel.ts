/** The host's map as the webview works with it: memslots in numbers, the occupied extents, and the index of its runs. */
import type { MapEvent, MapMemslot } from '../common/mapProtocol';
import { PageIndex } from './pageIndex';

/** [start, end) in gfns. */
export interface Extent {
    readonly start: number;
    readonly end: number;
}

export interface Slot extends Extent {
    readonly memslot: MapMemslot;
}

export interface MapModel {
    readonly event: Extract<MapEvent, { type: 'map' }>;
    /** By gfn. */
    readonly slots: readonly Slot[];
    readonly slotsById: ReadonlyMap<number, Slot>;
    /** Where there is something to show: memslots, and runs outside of them. Sorted, disjoint, never touching. */
    readonly extents: readonly Extent[];
    readonly index: PageIndex;
}

const gfnOf = (hex: string): number => Number(BigInt(hex) >> 12n);

export function makeMapModel(event: MapModel['event']): MapModel {
    const slots = event.memslots
        .map((memslot) => {
            const start = gfnOf(memslot.gpa);
            return { memslot, start, end: start + gfnOf(memslot.size) };
        })
        .sort((a, b) => a.start - b.start);
    const outside: Extent[] = [];
    const { count, gfns, pages, memslots } = event.runs;
    for (let run = 0; run < count; run++) {
        if ((memslots[run] ?? -1) >= 0) continue;
        const start = gfns[run] ?? 0;
        outside.push({ start, end: start + (pages[run] ?? 0) });
    }
    return {
        event,
        slots,
        slotsById: new Map(slots.map((slot) => [slot.memslot.id, slot])),
        extents: mergeExtents([...slots, ...outside]),
        index: new PageIndex(event.runs),
    };
}

export function mergeExtents(extents: readonly Extent[]): Extent[] {
    const merged: { start: number; end: number }[] = [];
    for (const { start, end } of [...extents].sort((a, b) => a.start - b.start)) {
        const last = merged.at(-1);
        if (last !== undefined && start <= last.end) last.end = Math.max(last.end, end);
        else merged.push({ start, end });
    }
    return merged;
}

/** Index of the first element whose end lies after `gfn` (the length when none does). */
export function firstEndingAfter(extents: readonly Extent[], gfn: number): number {
    let low = 0;
    let high = extents.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((extents[middle]?.end ?? Infinity) <= gfn) low = middle + 1;
        else high = middle;
    }
    return low;
}

/** The slots that overlap [start, end), by gfn. */
export function slotsIn(model: MapModel, start: number, end: number): readonly Slot[] {
    const first = firstEndingAfter(model.slots, start);
    let last = first;
    while ((model.slots[last]?.start ?? Infinity) < end) last++;
    return model.slots.slice(first, last);
}

/** Shrinks [start, end) to its occupied pages; null when it has none. */
export function trimToOccupied(model: MapModel, range: Extent): Extent | null {
    const first = model.extents[firstEndingAfter(model.extents, range.start)];
    if (first === undefined || first.start >= range.end) return null;
    const lastIndex = firstEndingAfter(model.extents, range.end - 1);
    const last = model.extents[lastIndex];
    const end = last !== undefined && last.start < range.end ? range.end : (model.extents[lastIndex - 1]?.end ?? range.end);
    return { start: Math.max(range.start, first.start), end: Math.min(range.end, end) };
}
