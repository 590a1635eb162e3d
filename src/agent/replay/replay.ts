/** What replays need of a recording, and the maps that they make of it. */
import { errors } from '../../common/errors';
import type { MissingEvents } from '../../common/memoryEvents';
import type { PageRuns } from '../../common/pageRuns';
import { toTime } from '../events/describeEvent';
import type { MapFacts } from '../maps/indexedMap';
import { Pace } from '../pace';
import { UnknownFields } from '../unknownFields';
import { replayDetails } from './replayDetails';
import { doubtsOf, missingReason, neverTold } from './replayDoubts';
import { ReplayHistory, type Moment, type ReplayLog } from './replayHistory';
import { replayMap } from './replayMap';
import type { ReplayStart } from './replayStart';

/** A recording, as replays see it. Times are microseconds since 1970. */
export interface Replayable {
    /** Read while events were recorded already, from `attached` to `since`. */
    readonly start: ReplayStart;
    readonly attached: number;
    readonly since: number;
    readonly missing: readonly MissingEvents[];
    /** From when on events may be missing that found no room; null = none are. */
    readonly lostSince: () => number | null;
    readonly log: ReplayLog;
    /** Waits until all events up to that time are in the log; gives the time up to which they are, which may be earlier. */
    readonly settle: (time: number) => Promise<number>;
}

export interface ReplayedMap {
    readonly runs: PageRuns;
    readonly facts: MapFacts;
}

export class Replay {
    private history: Promise<ReplayHistory> | null = null;
    private begun: ReplayHistory | null = null;
    private isKeepingUp = false;

    constructor(private readonly recording: Replayable) {}

    checkAddressSpace(addressSpace: number): void {
        const { addressSpaces, vm } = this.recording.start.details;
        if (addressSpace >= addressSpaces.length) throw errors.noAddressSpace(vm.id, addressSpace, addressSpaces.length);
    }

    /** The first time that can be replayed; with events that are given up it becomes later. */
    get since(): number {
        return this.begun?.begin ?? this.recording.since;
    }

    /** Has states kept up to that time, so that replays of what follows do not need the events before. */
    keepUp(time: number): void {
        if (this.isKeepingUp) return;
        this.isKeepingUp = true;
        const done = () => (this.isKeepingUp = false);
        // Whatever fails now fails again for who asks for a replay, and is told there.
        this.at(time, unhurried()).then(done, done);
    }

    /** `near`: as of ReplayHistory. Where a recording has ended just before, the moment is that of its end. */
    async at(time: number, pace: Pace, near: Moment | null = null): Promise<Moment> {
        const until = await pace.unlessCancelled(this.recording.settle(time));
        // What is asked for as the end may be an instant after that; the map says of which time it is.
        if (time > until && time - until <= nearTheEnd) return this.at(until, pace, near);
        const history = await pace.unlessCancelled((this.history ??= this.begin()));
        const { begin } = history;
        const moment = time > until ? null : await history.at(time, pace, near);
        if (moment !== null) return moment;
        throw errors.notRecorded(toTime(time), begin === null ? null : { begin: toTime(begin), end: toTime(until) });
    }

    mapAt({ time, state }: Moment, addressSpace: number): ReplayedMap {
        const { start, missing } = this.recording;
        const lostSince = this.recording.lostSince();
        const unknown = new UnknownFields();
        for (const { field, reason } of [...start.unknown, ...neverTold]) unknown.add(field, reason);
        const untoldPages = missingReason(missing, 'pages-added');
        const { runs, totals } = replayMap(state, addressSpace, { ...start, untoldPages }, unknown);
        const doubts = doubtsOf(state, missing, lostSince !== null && lostSince <= time ? lostSince : null);
        for (const { field, reason } of doubts) unknown.add(field, reason);
        const facts: MapFacts = {
            details: replayDetails(state, start.details),
            addressSpace,
            takenAt: toTime(time),
            consistent: start.consistent && doubts.length === 0,
            totals,
            unknown: unknown.list(),
        };
        return { runs, facts };
    }

    /** What was read at the start is of several moments; the events since the first of them make it that of the last. */
    private async begin(): Promise<ReplayHistory> {
        const { start, attached, since, log, missing } = this.recording;
        const { convertsInPlace } = start.scoped;
        const rules = { tellsAttributeChanges: missingReason(missing, 'attributes-changed') === null, convertsInPlace };
        await this.recording.settle(since);
        const read = await new ReplayHistory({ time: attached, state: start.state }, log, rules).at(since, unhurried());
        const state = read?.state ?? start.state.copy();
        state.forgetContradiction();
        this.begun = new ReplayHistory({ time: since, state }, log, rules);
        return this.begun;
    }
}

/** Microseconds. */
const nearTheEnd = 1e6;

/** One for all replays is not cancelled with the first of them. */
const unhurried = () => new Pace(new AbortController().signal);
