/** What VS Code's context menu of a row is given: see "webview/context" in package.json. */
import { placeOf } from '../../common/eventPlace';
import { formatTypedAddress } from '../../common/explain/typedAddress';
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
    /** As parseTypedAddress takes it, where that is no GPA. */
    readonly address?: string;
    /** In microseconds since 1970. */
    readonly time: number;
    readonly guestmemHasPlace: boolean;
    readonly guestmemHasAddress: boolean;
    /** It has ended: there is no map of it, and nobody to ask about an address. */
    readonly guestmemNoVm: boolean;
}

export function eventMenu(event: MemoryEvent, subject: EventsSubject): EventMenuTarget {
    const range = placeOf(event, subject.memslots);
    const address = virtualAddressOf(event);
    return {
        webviewSection: 'guestmemEvent',
        preventDefaultContextMenuItems: true,
        kind: event.kind,
        copyText: JSON.stringify(event, null, 2),
        ...(range === null ? {} : { range }),
        ...(address === null ? {} : { address }),
        time: microsecondsOf(event.time),
        guestmemHasPlace: range !== null,
        guestmemHasAddress: range !== null || address !== null,
        guestmemNoVm: !subject.isActive,
    };
}

/** Of the guest itself: no vCPU tells where an address of a nested guest leads. */
function virtualAddressOf(event: MemoryEvent): string | null {
    if (event.kind !== 'shadow-fault' || event.addressKind !== 'guest-virtual') return null;
    return formatTypedAddress({ kind: 'gva', gva: event.address, vcpu: event.vcpu });
}
