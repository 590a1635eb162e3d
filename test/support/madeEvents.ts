/** Columns of events, made up. */
import type { EventColumns } from '../../native/index';

export const kindCount = 15;

/** Without anything in them yet. */
export const emptyEvents = (count: number): EventColumns => ({
    count,
    times: new Float64Array(count),
    kinds: new Uint8Array(count),
    threads: new Uint32Array(count),
    numbers: new Int16Array(count),
    addressSpaces: new Uint16Array(count),
    starts: new BigUint64Array(count),
    sizes: new BigUint64Array(count),
    values: new BigUint64Array(count),
    details: new BigUint64Array(count),
    inodes: new Float64Array(count),
    inodeOffsets: new BigUint64Array(count),
    durations: new Uint32Array(count),
    results: new Int32Array(count),
});

/**
 * As a busy VM has them, from `time` on, one each microsecond: conversions of pages of a gigabyte, one in 16 of which
 * fails, the faults that follow, and the pages of a guest_memfd that come and go.
 */
export function busyEvents(count: number, time: number, integer: (limit: number) => number): EventColumns {
    const events = emptyEvents(count);
    const kinds = [3, 2, 8, 9, 6, 7, 12, 10];
    for (let i = 0; i < count; i++) {
        const kind = kinds[integer(kinds.length)] ?? 1;
        events.times[i] = time + i;
        events.kinds[i] = kind;
        events.threads[i] = 4000 + integer(16);
        events.numbers[i] = kind === 8 || kind === 10 ? integer(16) : -1;
        events.starts[i] = BigInt(integer(262_144)) << 12n;
        events.sizes[i] = 4096n;
        events.values[i] = kind === 8 ? BigInt(integer(64)) : integer(2) === 0 ? 0n : 8n;
        events.inodes[i] = kind === 6 || kind === 7 ? 7000 + integer(2) : 0;
        events.durations[i] = kind === 2 ? 1000 + integer(100_000) : 0;
        events.results[i] = kind === 2 && integer(16) === 0 ? -11 : 0;
    }
    return events;
}
