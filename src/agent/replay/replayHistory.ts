/**
 * The states of a recording, at any of its times: each from the nearest one before it that is kept, by the events since. A
 * state is kept every so many events, when it is first passed.
 */
import type { EventColumns } from '../../../native/index';
import type { Pace } from '../pace';
import { applyEvents, type ReplayRules } from './replayEvents';
import type { ReplayState } from './replayState';

/** Events that replays need. */
export interface ReplayLog {
    /** Those with times in (after, until], oldest first, at most `most`. */
    read(after: number, until: number, most: number): Promise<EventColumns>;
    /** Time of the oldest event that is left where older ones were given up; null where none were. */
    readonly gapUntil: number | null;
}

/** The state after all events up to a time. */
export interface Moment {
    readonly time: number;
    /** How many events that were since the start. */
    readonly events: number;
    readonly state: ReplayState;
}

interface Kept extends Moment {
    readonly bytes: number;
}

/** Events between the states that are kept. */
export const keptInterval = 1 << 17;
/** `batch`: events that are read at once. */
const usual = { batch: 1 << 16, interval: keptInterval, mostBytes: 256 << 20 };
/** Events that are applied in some milliseconds. */
const piece = 4096;

export class ReplayHistory {
    /** By time. */
    private kept: Kept[];
    private readonly limits: typeof usual;

    constructor(
        start: Omit<Moment, 'events'>,
        private readonly log: ReplayLog,
        private readonly rules: ReplayRules,
        limits: Partial<typeof usual> = {},
    ) {
        this.limits = { ...usual, ...limits };
        this.kept = [{ time: start.time, events: 0, state: start.state.copy(), bytes: 0 }];
    }

    /** The first time that can be had; null when that is none any more. */
    get begin(): number | null {
        const { gapUntil } = this.log;
        if (gapUntil !== null) this.kept = this.kept.filter(({ time }) => time >= gapUntil);
        return this.kept[0]?.time ?? null;
    }

    /**
     * Null before `begin`. `near` is a moment from which that may be nearer; its state becomes that of the new one, and it
     * itself is no more.
     */
    async at(time: number, pace: Pace, near: Moment | null = null): Promise<Moment | null> {
        const { begin } = this;
        const before = this.keptBefore(time);
        if (begin === null || before === undefined) return null;
        const isNearer = near !== null && near.time <= time && near.time >= before.time;
        const moment = await this.advance(isNearer ? near : { ...before, state: before.state.copy() }, time, pace);
        // Events that it needed may have been given up meanwhile.
        return (this.begin ?? Infinity) <= before.time || isNearer ? moment : null;
    }

    private async advance({ state, ...from }: Moment, until: number, pace: Pace): Promise<Moment> {
        let { time, events } = from;
        // Without that the log would look for each batch at all that comes after it.
        let span = Infinity;
        pace.begin(until - time);
        for (let most = this.limits.batch; ; ) {
            const to = Math.min(until, time + span);
            const read = await this.log.read(time, to, most);
            const isAll = read.count < most;
            // Of the last time there may be more events.
            const end = isAll ? read.count : firstOfLastTime(read);
            for (let at = 0; at < end; at += piece) {
                applyEvents(state, read, at, Math.min(end, at + piece), this.rules);
                await pace.breathe();
            }
            if (!isAll && end === 0) {
                most *= 2;
                continue;
            }
            const last = isAll ? to : (read.times[end - 1] ?? time);
            span = 2 * (isAll ? span : last - time);
            pace.advance(last - time);
            time = last;
            events += end;
            if (end > 0) this.keep({ time, events, state });
            if (time === until) return { time, events, state };
            await pace.breathe();
        }
    }

    private keep({ time, events, state }: Moment): void {
        const before = this.keptBefore(time);
        if (before === undefined || events - before.events < this.limits.interval) return;
        const { bytesToCopy: bytes } = state;
        this.kept.splice(this.kept.indexOf(before) + 1, 0, { time, events, state: state.copy(), bytes });
        while (this.kept.length > 2 && this.kept.reduce((sum, each) => sum + each.bytes, 0) > this.limits.mostBytes) {
            // They are large.
            this.limits.interval *= 2;
            this.kept = this.kept.filter((_, index) => index % 2 === 0);
        }
    }

    private keptBefore(time: number): Kept | undefined {
        return this.kept.findLast((each) => each.time <= time);
    }
}

function firstOfLastTime({ times, count }: EventColumns): number {
    let end = count - 1;
    while (end > 0 && times[end - 1] === times[count - 1]) end--;
    return end;
}
