/** What VS Code's context menu of a row is given: see "webview/context" in package.json. */
import { placeOf } from '../../common/eventPlace';
import type { EventsSubject } from '../../common/eventsViewMessages';
import type { MemoryEvent, MemoryEventKind } from '../../common/memoryEvents';
import type { WireRange } from '../../common/range';
import { microsecondsOf } from './eventTime';

export interface EventMenuTarget {
    readonly webviewSection: 'guestmemEvent';
    readonly preventDefaultContextMenuItems: true;
    readonly kind: MemoryEventKind;
    readonly copyText: string;
    readonly range?: WireRange;
    /** In microseconds since 1970. */
    readonly time: number;
    readonly guestmemHasPlace: boolean;
    /** It has ended: there is no map of it, and nobody to ask about an address. */
    readonly guestmemNoVm: boolean;
}

export function eventMenu(event: MemoryEvent, subject: EventsSubject): EventMenuTarget {
    const range = placeOf(event, subject.memslots);
    return {
        webviewSection: 'guestmemEvent',
        preventDefaultContextMenuItems: true,
        kind: event.kind,
        copyText: JSON.stringify(event, null, 2),
        ...(range === null ? {} : { range }),
        time: microsecondsOf(event.time),
        guestmemHasPlace: range !== null,
        guestmemNoVm: !subject.isActive,
    };
}
