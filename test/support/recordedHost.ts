/** A recording that is made up, and the states of the map that belong to its times: a host's end of the timeline. */
import { eventGroups } from '../../src/common/eventGroups';
import type { MapRequest } from '../../src/common/mapMessages';
import type { OpenedMap } from '../../src/common/openedMap';
import type { ShownRecording, TimeBuckets } from '../../src/common/timelineMessages';
import type { MapHost } from './mapHost';

/** An event at a time, of a row of the timeline. */
export interface MadeEvent {
    readonly time: number;
    readonly group: number;
}

export class RecordedHost {
    readonly requests: MapRequest[] = [];
    /** Resolves when a state of the past may be shown. */
    mayShow: Promise<void> = Promise.resolve();
    private generation = 100;

    constructor(
        private readonly host: MapHost,
        readonly now: OpenedMap,
        /** The state at a time. */
        private readonly stateAt: (time: number) => OpenedMap,
        public recording: ShownRecording,
        public events: readonly MadeEvent[],
    ) {
        host.others = (request) => this.receive(request);
    }

    async show(recording: Partial<ShownRecording> = {}): Promise<void> {
        this.recording = { ...this.recording, ...recording };
        await this.host.send({ type: 'recording', recording: this.recording, offered: true });
    }

    /** As the host does when it cannot show what was asked for. */
    async returnToNow(): Promise<void> {
        await this.showNow();
        await this.host.send({ type: 'shownTime', time: null, instead: true });
    }

    /** As the host does when a command leads to a time. */
    async showInstead(time: number): Promise<void> {
        await this.showPast(time);
        await this.host.send({ type: 'shownTime', time, instead: true });
    }

    /** What the strip asked to count. */
    counted(): TimeBuckets[] {
        return this.requests.flatMap((request) => (request.type === 'countEvents' ? [request.of] : []));
    }

    /** Which times it asked for. */
    times(): (number | null)[] {
        return this.requests.flatMap((request) => (request.type === 'showTime' ? [request.time] : []));
    }

    private async receive(request: MapRequest): Promise<void> {
        this.requests.push(request);
        if (request.type === 'countEvents') await this.host.send({ type: 'eventCounts', of: request.of, counts: this.count(request.of) });
        if (request.type !== 'showTime') return;
        const { time } = request;
        if (time === null) await this.showNow();
        else {
            await this.mayShow;
            await this.showPast(time);
        }
        await this.host.send({ type: 'shownTime', time, instead: false });
    }

    private async showPast(time: number): Promise<void> {
        const takenAt = new Date(time / 1000).toISOString();
        await this.host.show(this.stateAt(time), { origin: 'replay', generation: ++this.generation, readOnly: 'past', convertRefusal: 'past', takenAt });
    }

    private async showNow(): Promise<void> {
        await this.host.show(this.now, { generation: ++this.generation });
    }

    private count({ from, to, buckets }: TimeBuckets): Uint32Array {
        const counts = new Uint32Array(eventGroups.length * buckets);
        for (const { time, group } of this.events) {
            const bucket = Math.floor(((time - from) / (to - from)) * buckets);
            if (bucket >= 0 && bucket < buckets) counts[group * buckets + bucket] = (counts[group * buckets + bucket] ?? 0) + 1;
        }
        return counts;
    }
}
