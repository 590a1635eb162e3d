/** The rows of the table of events. */
import type { EventFilter } from '../../common/eventMethods';
import type { EventsAnswer } from '../../common/eventsViewMessages';
import type { MemoryEvent } from '../../common/memoryEvents';
import { AskedRows } from '../table/askedRows';

type EventList = Extract<EventsAnswer, { type: 'list' }>;
type AskEvents = (filter: EventFilter, first: number, most: number) => Promise<EventList | null>;

export class EventRows extends AskedRows<EventFilter, EventList, MemoryEvent> {
    constructor(
        private readonly askEvents: AskEvents,
        onChange: (givenUp: number) => void,
    ) {
        super(askEvents, ({ events }, at) => events[at] ?? null, onChange);
    }

    /** How many events pass a filter, without showing them. */
    async count(filter: EventFilter): Promise<number | null> {
        return (await this.askEvents(filter, 0, 1))?.total ?? null;
    }
}
