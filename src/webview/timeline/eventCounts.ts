/**
 * How many events of each group are in each part of the time in sight. The host is asked for one stretch at a time: while
 * it counts, only the newest wish is kept.
 */
import type { TimeBuckets } from '../../common/timelineMessages';
import { roundStep } from './clock';
import type { Times } from './timeWindow';

export interface CountedBuckets extends TimeBuckets {
    /** A row of `buckets` for each group. */
    readonly counts: Uint32Array;
}

const isSame = (one: TimeBuckets | null, other: TimeBuckets): boolean =>
    one !== null && one.from === other.from && one.to === other.to && one.buckets === other.buckets;

/** In round parts at round times, so that bars stay what they are while the strip moves. */
export function bucketsFor({ from, to }: Times, mostBuckets: number): TimeBuckets {
    const step = roundStep((to - from) / mostBuckets);
    const first = Math.floor(from / step);
    const last = Math.max(Math.ceil(to / step), first + 1);
    return { from: first * step, to: last * step, buckets: last - first };
}

export class EventCounts {
    /** What was asked for last, and how many events there were then. */
    private last: TimeBuckets | null = null;
    private lastEvents = -1;
    private next: TimeBuckets | null = null;
    private isAsked = false;
    private counted: CountedBuckets | null = null;

    constructor(private readonly ask: (of: TimeBuckets) => void) {}

    /** What is to be drawn: of the time in sight, or as yet of another. */
    get known(): CountedBuckets | null {
        return this.counted;
    }

    /** `events` = all that are there by now. */
    want(of: TimeBuckets, events: number): void {
        if (events === this.lastEvents && isSame(this.next ?? this.last, of)) return;
        this.lastEvents = events;
        if (this.isAsked) this.next = of;
        else this.send(of);
    }

    /** Another recording. */
    forget(): void {
        this.last = null;
        this.lastEvents = -1;
        this.counted = null;
    }

    receive(of: TimeBuckets, counts: Uint32Array | null): void {
        this.isAsked = false;
        if (counts !== null && isSame(this.last, of)) this.counted = { ...of, counts };
        if (this.next !== null) this.send(this.next);
    }

    private send(of: TimeBuckets): void {
        this.next = null;
        this.last = of;
        this.isAsked = true;
        this.ask(of);
    }
}
