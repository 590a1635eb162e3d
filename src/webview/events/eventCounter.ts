/** Counts a recording's events over time, by kind: never two questions at once, and the newest wish wins. */
import type { EventFilter, RecordingState } from '../../common/eventMethods';
import type { EventsAnswer, EventsQuestion } from '../../common/eventsViewMessages';
import type { MemoryEventKind } from '../../common/memoryEvents';

type Counts = Extract<EventsAnswer, { type: 'count' }>;
type CountQuestion = Extract<EventsQuestion, { type: 'count' }>;

export interface CountedEvents {
    readonly from: number;
    readonly to: number;
    readonly counts: Counts;
}

export class EventCounter {
    private wanted: CountQuestion | null = null;
    private isAsking = false;

    constructor(
        private readonly ask: (question: CountQuestion) => Promise<Counts | null>,
        private readonly onCounted: (counted: CountedEvents) => void,
    ) {}

    count({ since, now, oldest, givenUp }: RecordingState, filter: EventFilter, buckets: number): void {
        const from = Math.floor(givenUp > 0 ? (oldest ?? since) : since);
        this.wanted = { type: 'count', filter: { ...filter, kinds: null }, from, to: Math.max(Math.ceil(now), from + buckets), buckets };
        void this.askNext();
    }

    private async askNext(): Promise<void> {
        const { wanted } = this;
        if (wanted === null || this.isAsking) return;
        this.wanted = null;
        this.isAsking = true;
        const counts = await this.ask(wanted);
        this.isAsking = false;
        if (counts !== null) this.onCounted({ from: wanted.from, to: wanted.to, counts });
        await this.askNext();
    }
}

export function sumsByKind({ kinds, buckets, counts }: Counts): Map<MemoryEventKind, number> {
    return new Map(kinds.map((kind, row) => [kind, counts.subarray(row * buckets, (row + 1) * buckets).reduce((sum, count) => sum + count, 0)]));
}
