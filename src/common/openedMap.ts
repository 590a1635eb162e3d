/**
 * A map that an agent holds open: of a terabyte only what is looked at is sent, as tiles, runs and counts. It is of a
 * living VM and can be refreshed, or it is fixed: kept from a living one, read from a file, or the comparison of two.
 */
import type { Hex } from './address';
import type { PageTotals, Unknown, VmDetails } from './model';
import type { PageDetail, PageState } from './pageState';

/** Numbers an open map of one agent. */
export type MapHandle = number;

/** "replay": as it was at a time of a recording. */
export type MapOrigin = 'live' | 'kept' | 'file' | 'comparison' | 'replay';

/** What all pages of some runs have in common: a row of the map's table of kinds. */
export interface PageKind {
    readonly state: PageState;
    readonly detail: PageDetail;
    readonly inMemslot: boolean;
    /** In a comparison, the same before; null where there was no run. In other maps there is none. */
    readonly before?: Pick<PageKind, 'state' | 'detail' | 'inMemslot'> | null;
    /** In a comparison: false where there is no run any more, and the kind tells only what was before. */
    readonly exists?: boolean;
    /** In a living map, when the pages last changed; null = longer ago, or never since it was opened. */
    readonly changed?: RecentChange | null;
}

/** By the last refresh, or within 10 seconds or a minute before it. A page is of the first one that holds. */
export const recentChanges = ['last-refresh', 'ten-seconds', 'minute'] as const;
export type RecentChange = (typeof recentChanges)[number];

/** A kind, and how many pages of the map are of it. */
export interface CountedKind extends PageKind {
    readonly pages: number;
}

/** [start, end) in gfns. */
export interface Extent {
    readonly start: number;
    readonly end: number;
}

export interface OpenedMap {
    readonly map: MapHandle;
    /** Rises when the map changes; tiles and runs are asked for with it, and refused when it has passed. */
    readonly generation: number;
    readonly origin: MapOrigin;
    /** Of the VM when the map was taken. */
    readonly details: VmDetails;
    readonly addressSpace: number;
    readonly takenAt: string;
    /** In a comparison, when the earlier map was taken; else null. */
    readonly comparedWith: string | null;
    readonly consistent: boolean;
    readonly totals: PageTotals;
    readonly unknown: readonly Unknown[];
    readonly runs: number;
    readonly kinds: readonly CountedKind[];
    /** Where runs are outside of memslots; at most some thousands: near ones are told as one. */
    readonly outside: readonly Extent[];
    /** Who made it and where, for a map from a file. */
    readonly made: SnapshotOrigin | null;
}

export interface SnapshotOrigin {
    readonly guestmemVersion: string;
    readonly kernel: string;
    readonly savedAt: string;
    /** Names, paths and host virtual addresses were left out. */
    readonly redacted: boolean;
    /** Those that the file has a map of. */
    readonly addressSpaces: readonly number[];
}

/** What a refresh of a living map found. */
export type MapRefresh =
    | { readonly changed: false; readonly takenAt: string }
    | {
          readonly changed: true;
          readonly opened: OpenedMap;
          /** What differs from the generation before, at most some thousands of extents; null = everything may. */
          readonly extents: readonly Extent[] | null;
      };

/** What a row of the table must be like; all that are given hold. */
export interface RunFilter {
    /** Classes of a layer. */
    readonly layer: string;
    readonly classes: readonly number[];
    readonly memslot: number | null;
    /** Runs that overlap [gpa, gpa + size). */
    readonly range: { readonly gpa: Hex; readonly size: Hex } | null;
}

export type RunOrder = 'address' | 'size' | 'memslot' | 'class';
