/** Checks what the webview of Guest Memory Events sent: it shows hostile bytes, so the host trusts none of its messages. */
import { isFields, isListOf, isOneOf, isRange, isWhole, longestText, type Fields } from './checkMessage';
import type { EventFilter } from './eventMethods';
import { eventsViewActions, type EventsQuestion, type EventsViewRequest } from './eventsViewMessages';
import { eventKinds } from './eventWords';
import type { MemoryEventKind } from './memoryEvents';

const mostEvents = 1024;
const mostBuckets = 4096;

/** Returns the request when it has the shape of a known one, else undefined. */
export function parseEventsViewRequest(message: unknown): EventsViewRequest | undefined {
    if (!isFields(message)) return undefined;
    const { type, question, action, range, time, text, label } = message;
    switch (type) {
        case 'ready':
        case 'selection':
            return { type };
        case 'ask': {
            const about = parseQuestion(message['about']);
            return isWhole(question) && about !== undefined ? { type, question, about } : undefined;
        }
        case 'act':
            return isOneOf(action, eventsViewActions) ? { type, action } : undefined;
        case 'showOnMap':
            return isRange(range) ? { type, range: { gpa: range.gpa, size: range.size } } : undefined;
        case 'showAt':
            if (!isWhole(time) || !(range === null || isRange(range))) return undefined;
            return { type, time, range: range === null ? null : { gpa: range.gpa, size: range.size } };
        case 'copy':
            return typeof text === 'string' && text.length <= longestText ? { type, text } : undefined;
        case 'remedy':
            return typeof label === 'string' ? { type, label } : undefined;
        default:
            return undefined;
    }
}

function parseQuestion(value: unknown): EventsQuestion | undefined {
    if (!isFields(value)) return undefined;
    const { type, first, most, from, to, buckets } = value;
    const filter = parseFilter(value['filter']);
    if (filter === undefined) return undefined;
    switch (type) {
        case 'list':
            return isWhole(first) && isWhole(most, mostEvents) ? { type, filter, first, most } : undefined;
        case 'count':
            if (!isWhole(from) || !isWhole(to) || from >= to || !isWhole(buckets, mostBuckets) || buckets === 0) return undefined;
            return { type, filter, from, to, buckets };
        default:
            return undefined;
    }
}

function parseFilter(value: unknown): EventFilter | undefined {
    if (!isFields(value)) return undefined;
    const { kinds, range, failed, times } = value;
    if (kinds !== null && !isListOf(kinds, (kind): kind is MemoryEventKind => isOneOf(kind, eventKinds), eventKinds.length)) return undefined;
    if (range !== null && !isRange(range)) return undefined;
    if (typeof failed !== 'boolean' || (times !== null && !isTimes(times))) return undefined;
    return {
        kinds,
        range: range === null ? null : { gpa: range.gpa, size: range.size },
        failed,
        times: times === null ? null : { from: times.from, to: times.to },
    };
}

const isTimes = (value: unknown): value is { from: number; to: number } & Fields => isFields(value) && isWhole(value['from']) && isWhole(value['to']);
