/**
 * The part of the wire between the extension host and the page map's webview that is about recordings. All times are of
 * the host that the VM runs on, in microseconds since 1970.
 */
import type { RecordingState } from './eventMethods';

/** The recording of the VM whose map is shown. */
export type ShownRecording = Omit<RecordingState, 'recording' | 'vm' | 'bytes'>;

/** A stretch of time in equal parts. */
export interface TimeBuckets {
    readonly from: number;
    readonly to: number;
    readonly buckets: number;
}

/** Host → webview. */
export type TimelineEvent =
    /** Null = nothing was recorded of this VM; `offered`: it could be. */
    | { readonly type: 'recording'; readonly recording: ShownRecording | null; readonly offered: boolean }
    /** A row of `buckets` numbers for each of the eventGroups; null where they could not be counted. */
    | { readonly type: 'eventCounts'; readonly of: TimeBuckets; readonly counts: Uint32Array | null }
    /**
     * The map shows the state at a time, or the living one (null): the answer to the newest `showTime`; or `instead` of what
     * was asked for, since that could not be shown, or a command led elsewhere.
     */
    | { readonly type: 'shownTime'; readonly time: number | null; readonly instead: boolean };

/** Webview → host. */
export type TimelineRequest =
    | { readonly type: 'startRecording' | 'stopRecording' | 'showEvents' }
    | { readonly type: 'countEvents'; readonly of: TimeBuckets }
    /** Shows the map as it was; null = as it is. The next one is sent when this one is shown. */
    | { readonly type: 'showTime'; readonly time: number | null };
