/** The host's map as the webview works with it: memslots in numbers, the occupied extents, and the layer that colours it. */
import type { MapLayer } from '../../common/mapLayer';
import { classesOf, notCounted } from '../../common/mapLayers';
import type { MapMemslot, ShownMap } from '../../common/mapMessages';
import type { Extent } from '../../common/openedMap';

export interface Slot extends Extent {
    readonly memslot: MapMemslot;
}

export interface MapModel {
    readonly map: ShownMap;
    readonly layer: MapLayer;
    /** Pages of the whole map in each class of the layer. */
    readonly totals: Float64Array;
    /** By gfn. */
    readonly slots: readonly Slot[];
    readonly slotsById: ReadonlyMap<number, Slot>;
    /** Where there is something to show: memslots, and runs outside of them. Sorted, disjoint, never touching. */
    readonly extents: readonly Extent[];
}

const gfnOf = (hex: string): number => Number(BigInt(hex) >> 12n);

export function makeMapModel(map: ShownMap, layer: MapLayer): MapModel {
    const slots = map.memslots
        .map((memslot) => {
            const start = gfnOf(memslot.gpa);
            return { memslot, start, end: start + gfnOf(memslot.size) };
        })
        .sort((a, b) => a.start - b.start);
    return {
        map,
        layer,
        totals: countKinds(map, layer),
        slots,
        slotsById: new Map(slots.map((slot) => [slot.memslot.id, slot])),
        extents: mergeExtents([...slots, ...map.outside]),
    };
}

/** The same map, coloured by another layer. */
export const withLayer = (model: MapModel, layer: MapLayer): MapModel => ({ ...model, layer, totals: countKinds(model.map, layer) });

function countKinds(map: ShownMap, layer: MapLayer): Float64Array {
    const totals = new Float64Array(layer.classes.length);
    classesOf(layer, map.kinds).forEach((mapClass, kind) => {
        if (mapClass !== notCounted) totals[mapClass] = (totals[mapClass] ?? 0) + (map.kinds[kind]?.pages ?? 0);
    });
    return totals;
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

/** Whether one of sorted, disjoint extents has a page of `range`. */
export function overlaps(extents: readonly Extent[], range: Extent): boolean {
    return (extents[firstEndingAfter(extents, range.start)]?.start ?? Infinity) < range.end;
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
