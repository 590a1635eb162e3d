/** The addon's numbers of the kinds of events, by name. */
import type { MemoryEventKind } from '../../../common/memoryEvents';
import { eventKinds } from '../describeEvent';

export const eventKind = Object.fromEntries(eventKinds.map((kind, index) => [kind, index + 1])) as Record<MemoryEventKind, number>;
