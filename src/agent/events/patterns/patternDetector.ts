/** What looks for one pattern in the events of a VM. Each bounds what it remembers, whatever the events are. */
import type { Finding } from '../../../common/finding';
import type { MemoryEventKind } from '../../../common/memoryEvents';
import type { EventNumbers } from './eventNumbers';

export interface PatternDetector {
    /** The events that it is shown, in their order; "conversion" are those that RecordedVm.readConversion has read. */
    readonly kinds: readonly (MemoryEventKind | 'conversion')[];
    see(events: EventNumbers, i: number): void;
    /** All that was found so far, in the order in which it was found. */
    findings(): Finding[];
    /** How many these are. */
    readonly found: number;
}
