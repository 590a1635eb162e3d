/**
 * The patterns on events as they are drained, twenty thousand at a time: a busy VM's mix of all kinds, and a storm of each
 * that costs most. Beside it a bare loop over the same columns, which is the least that looking at each event can take.
 */
import type { EventColumns } from '../native/index';
import { eventKind } from '../src/agent/events/patterns/eventKind';
import { busyEvents } from '../test/support/madeEvents';
import { madePatterns } from '../test/support/madePatterns';
import { makeRandomIntegers } from '../test/support/random';
import { report } from './stopwatch';

const batch = 20_000;
const batches = 50;
const aim = 1000;

function bareLoop(columns: EventColumns): number {
    let sum = 0;
    for (let i = 0; i < columns.count; i++) sum += (columns.kinds[i] ?? 0) + (columns.times[i] ?? 0) + (columns.threads[i] ?? 0) + (columns.inodes[i] ?? 0);
    return sum;
}

/** Where the guest_memfd of the made-up VM is: 4 GiB and on, a gigabyte. */
function inGuestMemory(columns: EventColumns): EventColumns {
    for (let i = 0; i < columns.count; i++) {
        const isFile = (columns.inodes[i] ?? 0) !== 0;
        if (isFile) columns.inodes[i] = 7;
        else columns.starts[i] = (columns.starts[i] ?? 0n) + (4n << 30n);
    }
    return columns;
}

function measure(what: string, change: (columns: EventColumns) => void): void {
    const integer = makeRandomIntegers();
    const all = Array.from({ length: batches }, (_, i) => {
        const columns = inGuestMemory(busyEvents(batch, 1.7e15 + i * batch, integer));
        change(columns);
        return columns;
    });
    const begin = performance.now();
    const sum = all.reduce((total, columns) => total + bareLoop(columns), 0);
    const bare = performance.now() - begin;
    const patterns = madePatterns();
    patterns.learn(null);
    const start = performance.now();
    for (const columns of all) patterns.take(columns);
    report(`patterns in a million events: ${what}`, performance.now() - start, aim, { 'bare loop': bare });
    if (!Number.isFinite(sum)) throw new Error('The events have no times.');
}

const ofOneKind = (kind: number) => (columns: EventColumns) => {
    columns.kinds.fill(kind);
    columns.results.fill(0);
};

measure('a busy VM', () => undefined);
measure('conversions', ofOneKind(eventKind['attributes-changed']));
measure('conversions of the same page', (columns) => {
    ofOneKind(eventKind['attributes-changed'])(columns);
    columns.starts.fill(4n << 30n);
});
measure('faults', ofOneKind(eventKind.fault));
measure('mappings', ofOneKind(eventKind.mapped));
measure('pages that come', (columns) => {
    ofOneKind(eventKind['pages-added'])(columns);
    columns.inodes.fill(7);
});
