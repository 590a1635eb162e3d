/** The part of the wire between the extension and an agent that is about maps which the agent holds open. */
import type { VmId } from './model';
import type { Extent, MapHandle, MapRefresh, OpenedMap, RunFilter, RunOrder } from './openedMap';
import type { PackedPageRuns } from './packedRuns';
import type { Progressing } from './progressing';

/** A MapTile without its place, its numbers as little-endian bytes. */
export interface PackedTile {
    readonly index: number;
    readonly offsets: Uint8Array;
    readonly classes: Uint8Array;
    readonly pages: Uint8Array;
}
/** Runs of an open map. In a comparison `before` has the states of the same runs before; else it is null. */
export interface PackedRunList {
    readonly runs: PackedPageRuns;
    readonly before: { readonly states: Uint8Array; readonly details: Uint8Array } | null;
    /** As KindColumns.presence. */
    readonly presence: Uint8Array;
}
export interface MapMethods {
    /** Reads the map of a VM and holds it open until closeMap or the end of the agent. */
    openMap: { params: { vm: VmId; addressSpace: number } & Progressing; result: OpenedMap };
    /** Looks again, and tells what has changed since the generation that the client has. */
    refreshMap: { params: { map: MapHandle; generation: number } & Progressing; result: MapRefresh };
    /** Holds the present state of a living map open, as a map of its own that stays as it is. */
    keepMap: { params: { map: MapHandle }; result: OpenedMap };
    /** Of two maps of one VM or of two. Its refresh makes it anew when `after` has been refreshed since; it does not do that itself. */
    compareMaps: { params: { before: MapHandle; after: MapHandle }; result: OpenedMap };
    closeMap: { params: { map: MapHandle }; result: null };
    /** Refused with code "map-changed" when `generation` has passed. */
    tiles: {
        params: { map: MapHandle; generation: number; layer: string; level: number; tiles: readonly number[] };
        result: { readonly tiles: readonly PackedTile[] };
    };
    /** Pages per class of a layer in an extent: [class, pages] pairs, and the run that holds all of it, where one does. */
    countPages: {
        params: { map: MapHandle; generation: number; layer: string; extent: Extent };
        result: { readonly counts: readonly (readonly [number, number])[]; readonly run: PackedRunList | null };
    };
    /** The first run of one of these classes that begins at or after `gfn`, or that ends at or before it. */
    findRun: {
        params: { map: MapHandle; generation: number; layer: string; classes: readonly number[]; gfn: number; direction: 1 | -1 };
        result: Extent | null;
    };
    listRuns: {
        params: {
            map: MapHandle;
            generation: number;
            filter: RunFilter;
            order: RunOrder;
            descending: boolean;
            first: number;
            most: number;
        };
        result: PackedRunList & { readonly total: number; readonly totalPages: number };
    };
    /**
     * The map as the bytes of a .gmem file, part by part: `from` is 0, then the `next` of the part before; null = that was
     * the end. A comparison cannot be saved.
     */
    saveMap: { params: { map: MapHandle; redact: boolean; from: number }; result: { readonly bytes: Uint8Array; readonly next: number | null } };
    /**
     * Takes a .gmem file in parts of at most `snapshotPartBytes`; null as `upload` begins a new one. The last part opens the
     * map of that address space, null = the first that the file has. Refused with code "snapshot" when the file is not good.
     */
    openSnapshot: {
        params: { upload: number | null; part: Uint8Array; last: boolean; addressSpace: number | null };
        result: { readonly upload: number; readonly opened: OpenedMap | null };
    };
}

export const snapshotPartBytes = 512 << 10;
