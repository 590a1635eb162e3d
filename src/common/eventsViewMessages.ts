/**
 * The wire between the extension host and the webview of Guest Memory Events: one union for each direction. The host
 * checks every message with `parseEventsViewRequest` before use. What is asked about events goes on to the agent that
 * holds the recording, and comes back under the number of the question.
 */
import type { Hex } from './address';
import type { EventFilter, RecordingState } from './eventMethods';
import type { MemoryEvent, MemoryEventKind } from './memoryEvents';
import type { WireRange } from './range';

/** Where a memslot of the VM lies: for choosing a range, and to find the guest physical address of an event. */
export interface EventMemslot {
    readonly id: number;
    readonly gpa: Hex;
    readonly size: Hex;
    readonly hva: Hex;
    readonly guestMemfd: { readonly inode: number; readonly offset: Hex } | null;
    /** For people: "anonymous, read-only". */
    readonly description: string;
}

/** A VM, as far as this view shows it. */
export interface EventsSubject {
    /** Tells one recording from another. */
    readonly id: string;
    /** For people: which VM. */
    readonly title: string;
    readonly memslots: readonly EventMemslot[];
    /** Null = its events are not recorded. */
    readonly recording: RecordingState | null;
    /** False once it has ended: then nothing leads to its map. */
    readonly isActive: boolean;
}

/** Host → webview. */
export type EventsViewEvent =
    | {
          readonly type: 'shown';
          /** Null = there is no VM. */
          readonly subject: EventsSubject | null;
          /** Why there is none, or what became of a recording; with buttons that help. */
          readonly problem: { readonly message: string; readonly remedies: readonly string[] } | null;
          /** What recording costs. */
          readonly cost: string;
      }
    | { readonly type: 'answer'; readonly question: number; readonly answer: EventsAnswer | null; readonly problem: string | null }
    /** Shows what happened there, or was of that kind, alone. */
    | { readonly type: 'narrow'; readonly range: WireRange | null; readonly kind: MemoryEventKind | null }
    /** What is selected on the page map; null = nothing is. */
    | { readonly type: 'selection'; readonly range: WireRange | null };

export type EventsQuestion =
    | { readonly type: 'list'; readonly filter: EventFilter; readonly first: number; readonly most: number }
    | { readonly type: 'count'; readonly filter: EventFilter; readonly from: number; readonly to: number; readonly buckets: number };

/** Each to the question of the same name; `counts` has a row of `buckets` numbers for each of `kinds`. */
export type EventsAnswer =
    | { readonly type: 'list'; readonly events: readonly MemoryEvent[]; readonly first: number; readonly total: number; readonly givenUp: number }
    | { readonly type: 'count'; readonly kinds: readonly MemoryEventKind[]; readonly buckets: number; readonly counts: Uint32Array };

export const eventsViewActions = ['record', 'selectVm'] as const;
export type EventsViewAction = (typeof eventsViewActions)[number];

/** Webview → host. */
export type EventsViewRequest =
    | { readonly type: 'ready' }
    | { readonly type: 'ask'; readonly question: number; readonly about: EventsQuestion }
    | { readonly type: 'act'; readonly action: EventsViewAction }
    /** Asks for what is selected on the page map. */
    | { readonly type: 'selection' }
    | { readonly type: 'showOnMap'; readonly range: WireRange }
    /** The page map as it was then, in microseconds since 1970, and at the range where there is one. */
    | { readonly type: 'showAt'; readonly time: number; readonly range: WireRange | null }
    | { readonly type: 'copy'; readonly text: string }
    /** A button of the problem, by its label. */
    | { readonly type: 'remedy'; readonly label: string };
