/** The part of the wire between the extension and an agent that is about recordings of what happens to guest memory. */
import type { MemoryEvent, MemoryEventKind, MissingEvents } from './memoryEvents';
import type { VmId } from './model';
import type { Progressing } from './progressing';
import type { WireRange } from './range';

/** Numbers a recording of one agent. */
export type RecordingHandle = number;

/** Events that found no room in the kernel's rings between two looks: what was there is not known. */
export interface EventLoss {
    readonly from: number;
    readonly to: number;
    readonly events: number;
}

export interface RecordingState {
    readonly recording: RecordingHandle;
    readonly vm: VmId;
    /** Microseconds since 1970, as all times here: from when on the state of the memory can be replayed. */
    readonly since: number;
    /** Time of the agent's host, to draw "now" by. */
    readonly now: number;
    readonly state: 'recording' | 'stopped' | 'vm-ended';
    /** What this kernel does not tell. */
    readonly missing: readonly MissingEvents[];
    /** Events that are held. */
    readonly events: number;
    /** Events that found no room in the kernel's rings. */
    readonly lost: number;
    /** When, by time; those that are near to each other are one where there are many. */
    readonly losses: readonly EventLoss[];
    /** Oldest events that were given up, since no more are kept than the log has room for. */
    readonly givenUp: number;
    /** Time of the oldest event that is held; null without any. */
    readonly oldest: number | null;
    /** Bytes that the events take. */
    readonly bytes: number;
}

/** All that are given hold. */
export interface EventFilter {
    /** Null = all. */
    readonly kinds: readonly MemoryEventKind[] | null;
    /**
     * Of guest physical addresses: events overlap it, those of HVAs and guest_memfds through the memslots that the VM has
     * or had during the recording. Events that name no memory never do.
     */
    readonly range: WireRange | null;
    /** Calls that failed, only. */
    readonly failed: boolean;
    /** [from, to) */
    readonly times: { readonly from: number; readonly to: number } | null;
}

/** How often what happened: `counts` has a row of `buckets` little-endian 32-bit numbers for each of `kinds`. */
export interface EventCounts {
    readonly kinds: readonly MemoryEventKind[];
    readonly buckets: number;
    readonly counts: Uint8Array;
}

export interface EventMethods {
    /**
     * Records what happens to a VM's memory until stopRecording, closeRecording or the end of the agent. Every system call
     * on the host takes some tenths of a microsecond longer meanwhile. The state of every page is read once, for replays.
     */
    startRecording: { params: { vm: VmId } & Progressing; result: RecordingState };
    recordingState: { params: { recording: RecordingHandle }; result: RecordingState };
    /** Detaches from the kernel; what was recorded can still be asked for. */
    stopRecording: { params: { recording: RecordingHandle }; result: RecordingState };
    closeRecording: { params: { recording: RecordingHandle }; result: null };
    /**
     * Events that pass the filter, oldest first, from the `first` of these on (negative: from the end back), at most `most`.
     * Of a filter without times `givenUp` counts the first rows that were given up, since some time: by its difference all
     * rows have moved from one answer to the next, if it did not become less.
     */
    listEvents: {
        params: { recording: RecordingHandle; filter: EventFilter; first: number; most: number };
        result: { readonly events: readonly MemoryEvent[]; readonly first: number; readonly total: number; readonly givenUp: number };
    };
    /** Events that pass the filter, in equal parts of [from, to). */
    countEvents: {
        params: { recording: RecordingHandle; filter: EventFilter; from: number; to: number; buckets: number };
        result: EventCounts;
    };
}
