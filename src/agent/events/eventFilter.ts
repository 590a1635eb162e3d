/** Filters of events: checked as they come over the wire, and as the addon's EventLog takes them. */
import type { EventLog } from '../../../native/index';
import type { EventFilter } from '../../common/eventMethods';
import { errors } from '../../common/errors';
import type { GpaRange } from '../../common/range';
import { checkFields, checkFlag, checkRange, quote } from '../validate';
import { eventKinds, kindNumber } from './describeEvent';

/** The end of all times, in microseconds since 1970. */
export const latest = Number.MAX_SAFE_INTEGER;

export interface CheckedFilter extends Omit<EventFilter, 'range'> {
    readonly range: GpaRange | null;
}

export function checkFilter(value: unknown): CheckedFilter {
    const { kinds, range, failed, times } = checkFields(value);
    return {
        kinds: kinds === null ? null : checkKinds(kinds),
        range: range === null ? null : checkRange(range),
        failed: checkFlag(failed, 'failed'),
        times: times === null ? null : checkTimes(times),
    };
}

function checkKinds(value: unknown) {
    if (!Array.isArray(value)) throw errors.usage(`${quote(value)} is no list of kinds of events.`);
    return value.map((each) => eventKinds.find((kind) => kind === each) ?? unknownKind(each));
}

const unknownKind = (value: unknown): never => {
    throw errors.usage(`${quote(value)} is no kind of event: they are ${eventKinds.join(', ')}.`);
};

/** [from, to) */
export function checkTimes(value: unknown): { from: number; to: number } {
    const { from, to } = checkFields(value);
    return { from: checkTime(from), to: checkTime(to) };
}

export function checkTime(value: unknown): number {
    if (typeof value !== 'number' || !(value >= 0 && value <= latest)) {
        throw errors.usage(`${quote(value)} is no time: give microseconds since 1970.`);
    }
    return value;
}

/** Time of the oldest of the newest `most` events; null where there are no more than these. */
export function beginOfNewest(log: Pick<EventLog, 'count' | 'givenUp' | 'read'>, most: number): number | null {
    return log.count <= most ? null : (log.read(log.givenUp + log.count - most, 1).times[0] ?? null);
}

/** The addon's arguments but the places. Events have whole microseconds. */
export function nativeFilter({ kinds, failed, times }: Omit<CheckedFilter, 'range'>): [kinds: number, failed: boolean, from: number, to: number] {
    const wanted = (kinds ?? eventKinds).reduce((bits, kind) => bits | (1 << kindNumber(kind)), 0);
    return [wanted, failed, Math.ceil(times?.from ?? 0), Math.ceil(times?.to ?? latest)];
}
