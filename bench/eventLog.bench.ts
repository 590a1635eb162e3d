/**
 * Ten million events in a log: what they take, and how long it takes to filter and count them. Beside it a memcpy of as
 * many bytes as the log has, the least that looking at each event whole can take.
 */
import { addon } from '../test/native/addon';
import { busyEvents } from '../test/support/madeEvents';
import { makeRandomIntegers } from '../test/support/random';
import { fastest, report } from './stopwatch';

const repeats = 5;
const count = 10_000_000;
const piece = 200_000;
const latest = Number.MAX_SAFE_INTEGER;
const all = 0xffff_ffff;

const integer = makeRandomIntegers();
const begin = 1_700_000_000_000_000;
const pieces = Array.from({ length: 5 }, () => busyEvents(piece, 0, integer));
const log = new addon.EventLog(1e9);
const before = process.memoryUsage().rss;
let took = 0;
for (let i = 0; i < count; i += piece) {
    const events = pieces[(i / piece) % pieces.length] ?? busyEvents(0, 0, integer);
    const at = { ...events, times: events.times.map((_, row) => begin + i + row) };
    const started = performance.now();
    log.append(at);
    took += performance.now() - started;
}
const resident = process.memoryUsage().rss - before;
console.log(
    `${log.count.toLocaleString('en')} events: ${(log.bytes / 1e6).toFixed(0)} MB, ${(log.bytes / log.count).toFixed(1)} bytes each ` +
        `(the process has grown by ${(resident / 1e6).toFixed(0)} MB); aim 500 MB ${log.bytes <= 500e6 ? 'met' : 'MISSED'}; ` +
        `appended from columns in ${took.toFixed(0)} ms`,
);

const from = Buffer.alloc(log.bytes, 1);
const into = Buffer.alloc(log.bytes);
const memcpy = await fastest(repeats, () => from.copy(into));
const line = (name: string, milliseconds: number, aim?: number) => report(name, milliseconds, aim, { memcpy });

// Each time another one, so that nothing is known of it.
let salt = 0;
const filtered = (kinds: number, failed: boolean, places: BigUint64Array | null) =>
    fastest(repeats, async () => log.list(kinds, failed, ++salt, latest, places, -100, 100));
const place = (gpas: readonly bigint[]) => BigUint64Array.from(gpas.flatMap((gpa) => [1n, 0n, gpa, gpa + 0x1000n, 3n, 7000n, gpa, gpa + 0x1000n]));
line('filter by kind', await filtered(1 << 3, false, null), 100);
line('filter calls that failed', await filtered(all, true, null), 100);
line('filter by a page of memory', await filtered(all, false, place([0x123_4000n])), 100);
line('filter the newest 2^20 events by a page', await fastest(repeats, () => log.list(all, false, begin + count - 2 ** 20, latest, place([BigInt(++salt) << 12n]), -5, 5)), 20);
line('filter by a page of each of 64 memslots', await filtered(all, false, place(Array.from({ length: 64 }, (_, i) => BigInt(i) << 24n))), 100);
line('filter by kind, failure and page', await filtered(1 << 2, true, place([0x123_4000n])), 100);
line('leaf through a filtered table', await fastest(repeats, () => log.list(1 << 3, false, 0, latest, null, salt++ * 1000, 100)));
line('count all kinds in 1,000 parts', await fastest(repeats, () => log.countEvents(all, false, 0, latest, null, begin, begin + count, 1000)), 100);
line('count one kind in a page', await fastest(repeats, () => log.countEvents(1 << 3, false, 0, latest, place([0x123_4000n]), begin, begin + count, 1000)), 100);
