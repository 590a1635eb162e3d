/** A log that follows what is recorded of a VM by itself, and looks for patterns in it, until it is stopped or the VM ends. */
import type { EventLog, VmIdentity } from '../../../native/index';
import type { RecordingState } from '../../common/eventMethods';
import type { MissingEvents } from '../../common/memoryEvents';
import type { OpenVm } from '../discovery/vmDirectory';
import { scanVms, sightAgain, type Sighting } from '../discovery/vmScan';
import { native } from '../native';
import { Pace } from '../pace';
import type { EventPatterns } from './patterns/eventPatterns';
import type { VmRecording } from './vmRecording';

/** Milliseconds between looks: the rings hold what comes meanwhile, at a million events a second. */
const interval = 20;
/** Milliseconds between looks whether anybody still holds the VM. */
const holdInterval = 2_000;
/** Ten million events take some 300 MB of it. */
const mostBytes = 500e6;

export class LivingLog {
    readonly log: EventLog = new (native().EventLog)(mostBytes);
    readonly missing: readonly MissingEvents[];
    readonly mayTellPrivate: boolean;
    state: RecordingState['state'] = 'recording';
    /** When losses were last noticed. */
    lostAt: number | null = null;

    private lostSoFar = 0;
    private readonly toCalendar: number;
    private readonly pid: number;
    private readonly identity: VmIdentity;
    private readonly end = new AbortController();
    private readonly draining = setInterval(() => this.drain(), interval).unref();
    private readonly looking = setInterval(() => this.look(), holdInterval).unref();
    private scanning = false;

    constructor(
        { process, identity }: OpenVm,
        private readonly recording: VmRecording,
        readonly patterns: EventPatterns,
    ) {
        this.toCalendar = recording.now - performance.now() * 1000;
        this.pid = process.pid;
        this.identity = identity;
        this.missing = recording.missing;
        this.mayTellPrivate = recording.mayTellPrivate;
    }

    /** In microseconds since 1970, by the clock of the events. */
    get now(): number {
        return Math.floor(performance.now() * 1000 + this.toCalendar);
    }

    get lost(): number {
        return this.lostSoFar;
    }

    /** Detaches from the kernel, with all that happened until now in the log. */
    stop(state: Exclude<RecordingState['state'], 'recording'>): void {
        if (this.state !== 'recording') return;
        this.state = state;
        clearInterval(this.draining);
        clearInterval(this.looking);
        this.end.abort();
        // What happened just before a look is given at the one after it.
        this.take();
        this.take();
        this.recording.end();
        this.patterns.end();
    }

    private drain(): void {
        // Asked before the events are taken, so that the last ones are among them.
        if (this.recording.alive) this.take();
        else this.stop('vm-ended');
    }

    private take(): void {
        const events = this.recording.take();
        this.log.append(events);
        this.patterns.take(events);
        const { lost } = this.recording;
        if (lost > this.lostSoFar) this.lostAt = this.now;
        this.lostSoFar = lost;
    }

    /** The VM may end and its process go on; then its place in the kernel's memory may become another VM's. */
    private look(): void {
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

    private async isHeld(): Promise<boolean> {
        const isIt = ({ identity }: Sighting) => identity === this.identity;
        if (sightAgain(this.pid).some(isIt)) return true;
        const { sightings } = await scanVms(new Pace(this.end.signal));
        return sightings.some(isIt);
    }
}
