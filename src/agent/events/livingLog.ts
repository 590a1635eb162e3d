/** A log that follows what is recorded of a VM by itself, and looks for patterns in it, until it is stopped or the VM ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventLog, VmIdentity } from '../../../native/index';
import type { RecordingState } from '../../common/eventMethods';
import type { MissingEvents } from '../../common/memoryEvents';
import type { OpenVm } from '../discovery/vmDirectory';
import { scanVms, sightAgain, type Sighting } from '../discovery/vmScan';
import { native } from '../native';
import { Pace } from '../pace';
import { replayedKinds } from '../replay/replayEvents';
import { keptInterval } from '../replay/replayHistory';
import { kindNumber } from './describeEvent';
import { LossList } from './lossList';
import type { EventPatterns } from './patterns/eventPatterns';
import type { VmRecording } from './vmRecording';

/** Milliseconds between looks: the rings hold what comes meanwhile, at a million events a second. */
const interval = 20;
/** Milliseconds after which an event can be taken from the rings, and more. */
const instant = 1;
/** Milliseconds between looks whether anybody still holds the VM. */
const holdInterval = 2_000;
/** Microseconds by which a client's idea of the time may be ahead. */
const mostAhead = 1e6;
/** Milliseconds at a time for the patterns: they may fall behind in a burst, but must not keep the rings from being read. */
const patternTime = 5;
const lastPatternTime = 200;
/** Milliseconds for which who asks for patterns waits, where they have fallen behind. */
const mostPatternWait = 1_000;
/** Events that they look at between looks at the clock. */
const piece = 4096;
/** Ten million events take some 300 MB of it. */
const mostBytes = 500e6;

/** So few events between two looks leave a replay time to keep up, which takes it less than a tenth of a processor. */
const quiet = 200_000;

/** No replay needs faults and mappings. */
const replayedRecorders = ['record_attributes', 'record_calls', 'record_guest_memfd_pages'] as const;

export class LivingLog {
    readonly log: EventLog = new (native().EventLog)(mostBytes);
    readonly missing: readonly MissingEvents[];
    readonly mayTellPrivate: boolean;
    state: RecordingState['state'] = 'recording';
    readonly losses = new LossList();
    /** From when on events may be missing that replays need, since they found no room. */
    replayLostSince: number | null = null;
    /** All events up to here are in the log. */
    completeUntil = 0;

    /** Called when replays have much to pass and it is quiet, or half of the room is taken: the oldest events will be given up. */
    keepReplaysUp: () => void = () => undefined;

    private lostSoFar = 0;
    private lookedAt: number;
    /** How many of all events that there ever were the patterns have seen. */
    private seen = 0;
    /** How many there were at the last look, and of those that replays need when they were kept up last. */
    private atLook = 0;
    private keptUp = 0;
    private readonly toCalendar: number;
    private readonly pid: number;
    private readonly identity: VmIdentity;
    private readonly end = new AbortController();
    private readonly ticking = setInterval(() => this.tick(), interval).unref();
    private readonly looking = setInterval(() => this.look(), holdInterval).unref();
    private scanning = false;

    constructor(
        { process, identity }: OpenVm,
        private readonly recording: VmRecording,
        readonly patterns: EventPatterns,
    ) {
        this.toCalendar = recording.now - performance.now() * 1000;
        this.lookedAt = this.now;
        this.pid = process.pid;
        this.identity = identity;
        this.missing = recording.missing;
        this.mayTellPrivate = recording.mayTellPrivate;
    }

    /** In microseconds since 1970, by the clock of the events. */
    get now(): number {
        return Math.floor(performance.now() * 1000 + this.toCalendar);
    }

    /**
     * Waits until all events up to that time are in the log, if the recording goes on for so long; gives `completeUntil`. What
     * has happened already is not waited for, but taken.
     */
    async settle(time: number): Promise<number> {
        while (this.state === 'recording' && this.completeUntil < time && time < this.now + mostAhead) {
            const isPast = time <= this.now;
            if (isPast) this.take();
            if (this.completeUntil < time) await sleep(isPast ? instant : interval);
        }
        return this.completeUntil;
    }

    /** Waits until the patterns have seen what has happened until now, or as much of it as a burst leaves time for. */
    async settlePatterns(): Promise<void> {
        await this.settle(this.now);
        const { count, givenUp } = this.log;
        const until = performance.now() + mostPatternWait;
        while (this.seen < count + givenUp && performance.now() < until) {
            this.lookForPatterns(patternTime);
            await sleep(instant);
        }
    }

    get lost(): number {
        return this.lostSoFar;
    }

    /** Detaches from the kernel, with all that happened until now in the log. */
    stop(state: Exclude<RecordingState['state'], 'recording'>): void {
        if (this.state !== 'recording') return;
        this.state = state;
        clearInterval(this.looking);
        this.end.abort();
        // An event is given some instants after it happened.
        for (const end = this.now; this.completeUntil < end; ) this.take();
        this.recording.end();
        this.lookForPatterns(lastPatternTime);
    }

    private tick(): void {
        // Asked before the events are taken, so that the last ones are among them.
        if (this.state === 'recording' && !this.recording.alive) {
            this.stop('vm-ended');
            return;
        }
        if (this.state === 'recording') this.take();
        this.lookForPatterns(patternTime);
    }

    private take(): void {
        const { now } = this;
        this.recording.takeInto(this.log);
        const { lost } = this.recording;
        if (lost > this.lostSoFar) this.losses.add({ from: this.lookedAt, to: this.now, events: lost - this.lostSoFar });
        this.lostSoFar = lost;
        if (this.recording.lostOf(replayedRecorders) > 0) this.replayLostSince ??= this.lookedAt;
        this.completeUntil = this.recording.completeUntil;
        this.lookedAt = now;
    }

    /** Goes on where the last look ended; after the end of the recording, until nothing is left. */
    private lookForPatterns(time: number): void {
        const until = performance.now() + time;
        let left = true;
        while (left && performance.now() < until) {
            this.seen = Math.max(this.seen, this.log.givenUp);
            const events = this.log.read(this.seen, piece);
            this.patterns.take(events);
            this.seen += events.count;
            left = events.count > 0;
        }
        if (left || this.state === 'recording') return;
        clearInterval(this.ticking);
        this.patterns.end();
    }

    /** The VM may end and its process go on; then its place in the kernel's memory may become another VM's. */
    private look(): void {
        this.helpReplays();
        if (this.scanning) return;
        this.scanning = true;
        this.isHeld().then(
            (held) => {
                this.scanning = false;
                if (!held) this.stop('vm-ended');
            },
            // Whoever holds it cannot be looked at now, or it was stopped meanwhile; the next look may tell.
            () => (this.scanning = false),
        );
    }

    private helpReplays(): void {
        const { count, givenUp, bytes, counts } = this.log;
        const isQuiet = count + givenUp - this.atLook < quiet;
        this.atLook = count + givenUp;
        const needed = replayedKinds.reduce((sum, kind) => sum + (counts[kindNumber(kind)] ?? 0), 0);
        if (needed - this.keptUp < keptInterval || !(isQuiet || bytes > mostBytes / 2)) return;
        this.keptUp = needed;
        this.keepReplaysUp();
    }

    private async isHeld(): Promise<boolean> {
        const isIt = ({ identity }: Sighting) => identity === this.identity;
        if (sightAgain(this.pid).some(isIt)) return true;
        const { sightings } = await scanVms(new Pace(this.end.signal));
        return sightings.some(isIt);
    }
}
