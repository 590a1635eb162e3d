/**
 * The wire between the extension host and the page map's webview: one union for each direction. The host checks every
 * message with `parseMapRequest` (mapRequest.ts) before use; the webview draws what it is given and decides nothing.
 * What the webview asks about pages goes on to the agent that holds the map open, and comes back under the number of the
 * question.
 */
import type { Hex } from './address';
import type { MapTile } from './mapTiles';
import type { PageFacts, Memslot, PageRun, PageTotals, Unknown } from './model';
import type { CountedKind, Extent, MapOrigin, RunFilter, RunOrder, SnapshotOrigin } from './openedMap';
import type { PageRuns } from './pageRuns';
import type { WireRange } from './range';
import type { TimelineEvent, TimelineRequest } from './timelineMessages';

/** A memslot as the map labels it. */
export interface MapMemslot {
    readonly id: number;
    readonly gpa: Hex;
    readonly size: Hex;
    readonly internal: boolean;
    readonly flags: Memslot['flags'];
    /** For people: "anonymous, read-only". */
    readonly description: string;
}

/** A map without its pages. */
export interface ShownMap {
    /** Says which map it is, across generations: a view that was saved for one is not used for another. */
    readonly subject: string;
    readonly generation: number;
    readonly origin: MapOrigin;
    /** For people: the VM's name and id, or the file. */
    readonly title: string;
    /** Of a comparison or a file: what it is, "12:04:01 compared with now". */
    readonly subtitle: string | null;
    readonly addressSpace: number;
    readonly addressSpaces: readonly number[];
    readonly memslots: readonly MapMemslot[];
    readonly outside: readonly Extent[];
    readonly kinds: readonly CountedKind[];
    readonly runs: number;
    readonly totals: PageTotals;
    readonly takenAt: string;
    readonly consistent: boolean;
    readonly unknown: readonly Unknown[];
    readonly made: SnapshotOrigin | null;
    /** Why conversions are not offered (for people), or null when they are. */
    readonly convertRefusal: string | null;
    /** Why the map cannot change at all (a file), or null; then nothing that needs the VM is offered. */
    readonly readOnly: string | null;
}

/** How a living map is kept up to date. */
export type LiveMode = 'live' | 'paused';

/** A run; `before` only in a comparison. */
export interface RunRow {
    readonly run: PageRun | null;
    /** Whether `run` takes two physical pages for each of its pages. */
    readonly doubleBacked: boolean;
    readonly before: PageRun | null;
}

/** Host → webview. */
export type MapEvent =
    | TimelineEvent
    | {
          readonly type: 'map';
          readonly map: ShownMap;
          /** What differs from the generation before; null = everything may, or it is another map. */
          readonly changed: readonly Extent[] | null;
      }
    | { readonly type: 'mode'; readonly mode: LiveMode }
    /** The map was looked at again, and is as it was. */
    | { readonly type: 'taken'; readonly takenAt: string }
    | { readonly type: 'tiles'; readonly generation: number; readonly layer: string; readonly tiles: readonly MapTile[] }
    | { readonly type: 'answer'; readonly question: number; readonly answer: MapAnswer | null }
    | { readonly type: 'busy'; readonly busy: boolean }
    /** The VM or its agent went away; the last map stays, greyed, with this text and buttons that help. */
    | { readonly type: 'stale'; readonly message: string; readonly remedies: readonly string[] }
    | { readonly type: 'goTo'; readonly range: WireRange };

/** Answers, each to the question of the same name; the webview gets null when it failed or the map has changed. */
export type MapAnswer =
    /** [class, pages] pairs of the layer, and the runs' facts where one run holds the whole extent. */
    | { readonly type: 'count'; readonly counts: readonly (readonly [number, number])[]; readonly row: RunRow | null }
    | { readonly type: 'explain'; readonly facts: PageFacts }
    | { readonly type: 'find'; readonly extent: Extent | null }
    | { readonly type: 'list'; readonly runs: PageRuns; readonly before: PageRuns | null; readonly presence: Uint8Array; readonly total: number; readonly totalPages: number };

export type MapQuestion =
    | { readonly type: 'count'; readonly layer: string; readonly extent: Extent }
    | { readonly type: 'explain'; readonly gpa: Hex }
    | { readonly type: 'find'; readonly layer: string; readonly classes: readonly number[]; readonly gfn: number; readonly direction: 1 | -1 }
    | {
          readonly type: 'list';
          readonly filter: RunFilter;
          readonly order: RunOrder;
          readonly descending: boolean;
          readonly first: number;
          readonly most: number;
      };

/** What can be done with a selection; the host has a command for each. */
export const mapActions = ['convertToPrivate', 'convertToShared', 'punch', 'allocate', 'preFault', 'readMemory', 'explain'] as const;
export type MapAction = (typeof mapActions)[number];

/** Webview → host. */
export type MapRequest =
    | TimelineRequest
    | { readonly type: 'ready' }
    | { readonly type: 'refresh' }
    | { readonly type: 'tiles'; readonly generation: number; readonly layer: string; readonly level: number; readonly tiles: readonly number[] }
    | { readonly type: 'ask'; readonly question: number; readonly generation: number; readonly about: MapQuestion }
    | { readonly type: 'showAddressSpace'; readonly addressSpace: number }
    | { readonly type: 'setMode'; readonly mode: LiveMode }
    /** Keeps the present state in memory, to compare with. */
    | { readonly type: 'keep' }
    /** Has the user choose what to compare with. */
    | { readonly type: 'chooseComparison' | 'endComparison' }
    /** Asks for a .gmem file to save to. */
    | { readonly type: 'save' }
    | { readonly type: 'select'; readonly range: WireRange | null }
    | { readonly type: 'act'; readonly action: MapAction; readonly range: WireRange }
    | { readonly type: 'copy'; readonly text: string }
    /** A button of the stale map, by its label. */
    | { readonly type: 'remedy'; readonly label: string };
