/** The colour of a kind of events, as on the timeline under the map: that of its group. */
import { eventGroups, groupOfKind } from '../../common/eventGroups';
import type { MapColorName } from '../../common/mapColors';
import type { MemoryEventKind } from '../../common/memoryEvents';

export const toneOf = (kind: MemoryEventKind): MapColorName => eventGroups.find(({ id }) => id === groupOfKind[kind])?.color ?? 'quietMark';
