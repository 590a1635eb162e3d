/**
 * What happens to a VM's memory, kept: the events in a log, and the state from which they went on. The recorders
 * are attached first and the state is read then, so that nothing is missed between; events that it already shows do no
 * harm to who replays them, since the last one for a place decides.
 */
import type { EventColumns, EventLog, VmIdentity } from '../../../native/index';
import type { Finding } from '../../common/finding';
import type { EventCounts, RecordingHandle, RecordingState } from '../../common/eventMethods';
import type { VmDetails, VmId } from '../../common/model';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import type { ReadPageMap } from '../pages/pageMap';
import { Replay } from '../replay/replay';
import { replayLog } from '../replay/replayLog';
import { readReplayStart, type ReplayStart } from '../replay/replayStart';
import { eventKinds, kindNumber } from './describeEvent';
import { nativeFilter, type CheckedFilter } from './eventFilter';
import { LivingLog } from './livingLog';
import { MemslotHistory } from './memslotHistory';
import { patternsOf } from './patterns/patternsOf';
import { VmRecording } from './vmRecording';

export type EventRows = EventColumns & { readonly first: number; readonly total: number; readonly givenUp: number };

/** What was read when a recording began. */
interface Beginning {
    readonly history: MemslotHistory;
    readonly start: ReplayStart;
    readonly attached: number;
    readonly since: number;
}

export class Recording {
    /** Memslot events that the history has. */
    private followed = 0;
    readonly replay: Replay;

    private constructor(
        readonly vm: VmId,
        readonly vmIdentity: VmIdentity,
        private readonly living: LivingLog,
        private readonly beginning: Beginning,
    ) {
        const { start, attached, since } = beginning;
        const { missing } = living;
        this.replay = new Replay({
            start,
            attached,
            since,
            missing,
            lostSince: () => living.replayLostSince,
            log: replayLog(living.log),
            settle: (time) => living.settle(time),
        });
        living.keepReplaysUp = () => this.replay.keepUp(living.completeUntil);
    }

    static async start(vm: OpenVm, readMap: ReadPageMap, pace: Pace): Promise<Recording> {
        const recording = VmRecording.begin(vm);
        const living = new LivingLog(vm, recording, patternsOf(vm, recording.missing));
        try {
            const attached = living.now;
            const start = await readReplayStart(vm, pace);
            const since = living.now;
            living.patterns.learn((await readMap(vm, 0, null, false, pace)).runs);
            const history = new MemslotHistory(start.state.slots);
            return new Recording(vm.id, vm.identity, living, { history, start, attached, since });
        } catch (thrown) {
            living.stop('stopped');
            throw thrown;
        }
    }

    get log(): EventLog {
        return this.living.log;
    }

    /** Of the VM when it began. */
    get details(): VmDetails {
        return this.beginning.start.details;
    }

    /** Patterns in what has happened until now. */
    async patterns(): Promise<Finding[]> {
        await this.living.settlePatterns();
        return this.living.patterns.findings();
    }

    get mayTellPrivate(): boolean {
        return this.living.mayTellPrivate;
    }

    stop(): void {
        this.living.stop('stopped');
    }

    describe(recording: RecordingHandle): RecordingState {
        const { log, state, now, missing, lost, losses } = this.living;
        return {
            recording,
            vm: this.vm,
            since: this.replay.since,
            now,
            state,
            missing,
            events: log.count,
            lost,
            losses: losses.list,
            givenUp: log.givenUp,
            oldest: log.oldest,
            bytes: log.bytes,
        };
    }

    /** As listEvents, in columns. What has happened until now is among them. */
    async list(filter: CheckedFilter, first: number, most: number): Promise<EventRows> {
        await this.living.settle(this.living.now);
        return this.log.list(...nativeFilter(filter), await this.placesOf(filter), first, most);
    }

    async count(filter: CheckedFilter, from: number, to: number, buckets: number): Promise<EventCounts> {
        await this.living.settle(this.living.now);
        const ofAll = await this.log.countEvents(...nativeFilter(filter), await this.placesOf(filter), Math.ceil(from), Math.ceil(to), buckets);
        const kinds = filter.kinds ?? eventKinds;
        const counts = new Uint32Array(kinds.length * buckets);
        kinds.forEach((kind, row) => {
            const at = (kindNumber(kind) - 1) * buckets;
            counts.set(ofAll.subarray(at, at + buckets), row * buckets);
        });
        return { kinds, buckets, counts: new Uint8Array(counts.buffer) };
    }

    private async placesOf({ range }: CheckedFilter): Promise<BigUint64Array | null> {
        if (range === null) return null;
        const memslots = { kinds: ['memslot'], failed: false, times: null } as const;
        const all = this.log.counts[kindNumber('memslot')] ?? 0;
        const added = all - this.followed;
        if (added > 0) this.beginning.history.follow(await this.log.list(...nativeFilter(memslots), null, -added, Math.min(added, 2 ** 20)));
        this.followed = Math.max(this.followed, all);
        return this.beginning.history.placesOf(range);
    }
}
