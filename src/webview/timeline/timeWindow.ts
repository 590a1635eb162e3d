/** The part of a recording's time that is in sight. It ends now and follows it, until it is moved or held. */
import { clamp } from '../layout/cellNumbers';
import { second } from './clock';

/** In microseconds. A recording that just began does not fill the strip at once. */
const shortestWhole = 10 * second;
const shortest = 100;

export interface Times {
    readonly from: number;
    readonly to: number;
}

export class TimeWindow implements Times {
    private since = 0;
    private now = 1;
    /** Null = all of it. */
    private span: number | null = null;
    /** Null = it ends now. */
    private end: number | null = null;

    get from(): number {
        return this.to - this.length;
    }

    get to(): number {
        return this.end ?? this.wholeEnd;
    }

    setRecording(since: number, now: number): void {
        if (since !== this.since) this.showAll();
        this.since = since;
        this.now = now;
    }

    showAll(): void {
        this.span = null;
        this.end = null;
    }

    /** `factor` below 1 shows less; `time` stays where it is. */
    zoom(factor: number, time: number): void {
        const { from, to } = this;
        const length = Math.max(shortest, (to - from) * factor);
        // At its end it follows on.
        const isAtEnd = this.end === null && time >= this.now;
        this.show(time + (to - time) * (length / (to - from)), length, isAtEnd);
    }

    pan(by: number): void {
        this.show(this.to + by, this.length, false);
    }

    /** Brings a time into sight. */
    reveal(time: number): void {
        if (time < this.from) this.pan(time - this.from);
        else if (time > this.to) this.pan(time - this.to);
    }

    private get whole(): number {
        return Math.max(shortestWhole, this.now - this.since);
    }

    private get wholeEnd(): number {
        return this.span === null ? this.since + this.whole : Math.max(this.now, this.since + this.span);
    }

    private get length(): number {
        return this.span ?? this.to - this.since;
    }

    private show(end: number, length: number, follows: boolean): void {
        if (length >= this.whole) {
            this.showAll();
            return;
        }
        this.span = length;
        this.end = null;
        if (!follows && end < this.wholeEnd) this.end = clamp(end, this.since + length, this.wholeEnd);
    }
}
