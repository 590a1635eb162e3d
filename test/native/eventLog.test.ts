/** The log of events beside a plain list of them: what is kept, found and counted. */
import assert from 'node:assert/strict';
import type { EventColumns } from '../../native/index';
import { emptyEvents, kindCount } from '../support/madeEvents';
import { makeRandomIntegers } from '../support/random';
import { addon, nativeCode } from './addon';

const latest = Number.MAX_SAFE_INTEGER;
const everyKind = 0xffff_ffff;
/** More than a chunk of the log has. */
const many = 70_000;
const kindsOfHvas = [11];
const kindsOfFiles = [5, 6, 7, 13, 14];
const kindsOfNothing = [4, 15];

interface Filter {
    readonly kinds: number;
    readonly failed: boolean;
    readonly from: number;
    readonly to: number;
    /** Kind, inode, start, end. */
    readonly places: readonly (readonly [bigint, bigint, bigint, bigint])[] | null;
}
const everything: Filter = { kinds: everyKind, failed: false, from: 0, to: latest, places: null };

type Row = Record<Exclude<keyof EventColumns, 'count'>, number | bigint>;

const names = Object.keys(emptyEvents(0)).filter((name) => name !== 'count') as (keyof Row)[];

const rowsOf = (events: EventColumns): Row[] =>
    Array.from({ length: events.count }, (_, i) => Object.fromEntries(names.map((name) => [name, events[name][i]])) as Row);

function passes(row: Row, { kinds, failed, from, to, places }: Filter): boolean {
    const kind = Number(row.kinds);
    if (((kinds >>> kind) & 1) === 0 || (failed && Number(row.results) >= 0)) return false;
    if (Number(row.times) < from || Number(row.times) >= to) return false;
    if (places === null) return true;
    const placeKind = kindsOfNothing.includes(kind) ? 0n : kindsOfHvas.includes(kind) ? 2n : kindsOfFiles.includes(kind) ? 3n : 1n;
    const start = BigInt(row.starts);
    const end = start + (row.sizes === 0n ? 1n : BigInt(row.sizes));
    return places.some(([of, inode, first, last]) => of === placeKind && (of !== 3n || inode === BigInt(row.inodes)) && first < last && start < last && end > first);
}

function randomEvents(integer: (limit: number) => number): EventColumns {
    const events = emptyEvents(many);
    const bigs = [0n, 1n, 0x1000n, 0x20_0000n, 2n ** 63n, 2n ** 64n - 1n];
    const big = () => bigs[integer(bigs.length)] ?? 0n;
    let time = 1_700_000_000_000_000;
    for (let i = 0; i < many; i++) {
        events.times[i] = time += integer(3);
        events.kinds[i] = 1 + integer(kindCount);
        events.threads[i] = integer(2 ** 32);
        events.numbers[i] = integer(65_536) - 32_768;
        events.addressSpaces[i] = integer(3);
        events.starts[i] = integer(50) === 0 ? big() : (BigInt(integer(64)) << 12n) + BigInt(integer(2) * integer(4096));
        events.sizes[i] = integer(10) === 0 ? BigInt(integer(2 ** (1 + integer(30)))) : big();
        events.values[i] = big();
        events.details[i] = big();
        events.inodes[i] = integer(3);
        events.inodeOffsets[i] = big();
        events.durations[i] = integer(2 ** 32);
        events.results[i] = integer(3) === 0 ? -integer(4096) : integer(100);
    }
    return events;
}

function logOf(...all: readonly EventColumns[]) {
    const log = new addon.EventLog(1e9);
    for (const events of all) log.append(events);
    return log;
}

function argumentsOf({ kinds, failed, from, to, places }: Filter) {
    return [kinds, failed, from, to, places === null ? null : BigUint64Array.from(places.flat())] as const;
}

describe('the log of events', () => {
    const integer = makeRandomIntegers();
    const events = randomEvents(integer);
    const rows = rowsOf(events);
    const log = logOf(events);

    it('keeps every field of every event', async () => {
        const listed = await log.list(...argumentsOf(everything), 0, 2 ** 20);
        assert.deepEqual([listed.first, listed.total, log.count], [0, many, many]);
        for (const name of names) assert.deepEqual(listed[name], events[name], name);
    });

    it('lists what passes a filter, from any row on and from the end back', async () => {
        const begin = events.times[0] ?? 0;
        // Near to each other, or so far that a rough look at them tells little.
        const places = () =>
            Array.from({ length: integer(8) }, () => {
                const kind = BigInt(1 + integer(3));
                const start = (BigInt(integer(70)) << 12n) + (integer(3) === 0 ? 1n << BigInt(20 + integer(44)) : 0n);
                return [kind, kind === 3n ? BigInt(integer(3)) : 0n, start, start + (BigInt(integer(8)) << 12n)] as const;
            });
        let found = 0;
        for (let round = 0; round < 60; round++) {
            const filter: Filter = {
                kinds: integer(3) === 0 ? everyKind : integer(2 ** (kindCount + 1)),
                failed: integer(3) === 0,
                from: integer(2) === 0 ? 0 : begin + integer(many),
                to: integer(2) === 0 ? latest : begin + integer(many),
                places: integer(3) === 0 ? null : places(),
            };
            const wanted = rows.filter((row) => passes(row, filter));
            found += wanted.length;
            // Twice: what is known of a filter is used again.
            for (const first of [integer(wanted.length + 2), -1 - integer(wanted.length + 2)]) {
                const most = integer(200);
                const listed = await log.list(...argumentsOf(filter), first, most);
                const at = first >= 0 ? Math.min(first, wanted.length) : Math.max(0, wanted.length + first);
                assert.deepEqual([listed.first, listed.total], [at, wanted.length], JSON.stringify(filter, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
                assert.deepEqual(rowsOf(listed), wanted.slice(at, at + most));
            }
        }
        assert.ok(found > 0, 'no filter found anything');
    });

    it('counts what passes, in equal parts of a time', async () => {
        const begin = events.times[0] ?? 0;
        const end = (events.times[many - 1] ?? 0) + 1;
        for (const [from, to, buckets] of [
            [begin, end, 100],
            [begin + 1000, begin + 1007, 3],
            [begin - 50, begin + 50, 7],
        ] as const) {
            const filter: Filter = { ...everything, failed: true };
            const counts = await log.countEvents(...argumentsOf(filter), from, to, buckets);
            const wanted = new Uint32Array(kindCount * buckets);
            for (const row of rows) {
                const time = Number(row.times);
                if (!passes(row, filter) || time < from || time >= to) continue;
                const at = (Number(row.kinds) - 1) * buckets + Math.min(buckets - 1, Math.floor((time - from) * (buckets / (to - from))));
                wanted[at] = (wanted[at] ?? 0) + 1;
            }
            assert.deepEqual(counts, wanted);
        }
    });

    it('follows what is appended after a filter was asked for', async () => {
        const growing = new addon.EventLog(1e9);
        const filter: Filter = { ...everything, kinds: 1 << 3, places: [[1n, 0n, 0n, 0x8000n]] };
        const inEach = rows.filter((row) => passes(row, filter));
        let expected: Row[] = [];
        for (let part = 0; part < 4; part++) {
            growing.append(events);
            expected = expected.concat(inEach);
            const listed = await growing.list(...argumentsOf(filter), -5, 5);
            assert.equal(listed.total, expected.length);
            assert.deepEqual(rowsOf(listed), expected.slice(-5));
        }
    });

    it('answers of what there was when it was asked', async () => {
        const growing = logOf(events);
        const asked = growing.list(...argumentsOf(everything), 0, 10);
        growing.append(events);
        assert.equal((await asked).total, many);
        assert.equal((await growing.list(...argumentsOf(everything), 0, 10)).total, 2 * many);
    });

    it('gives up the oldest when it has no more room, and counts them', async () => {
        const small = new addon.EventLog(20e6);
        assert.equal(small.oldest, null);
        const filter: Filter = { ...everything, kinds: 1 << 8 };
        let all: Row[] = [];
        for (let part = 0; part < 12; part++) {
            small.append(events);
            all = all.concat(rows);
            // So that there are known rows of what is given up next.
            await small.list(...argumentsOf(filter), 0, 1);
        }
        assert.ok(small.givenUp > 0, 'nothing was given up');
        assert.ok(small.bytes <= 25e6, `${small.bytes} bytes`);
        assert.equal(small.givenUp + small.count, 12 * many);
        const held = all.slice(small.givenUp);
        assert.equal(small.oldest, held[0]?.times);
        assert.deepEqual(rowsOf(small.read(0, 10)), held.slice(0, 10));
        const from = 12 * many - 100;
        assert.deepEqual(rowsOf(small.read(from, 1000)), all.slice(from));
        assert.equal(small.read(12 * many + 5, 10).count, 0);
        const wanted = held.filter((row) => passes(row, filter));
        const listed = await small.list(...argumentsOf(filter), 0, 1000);
        assert.equal(listed.total, wanted.length);
        assert.deepEqual(rowsOf(listed), wanted.slice(0, 1000));
        assert.equal(small.counts.reduce((sum, each) => sum + each, 0), 12 * many);
    });

    it('tells by how many rows a table has moved when it gave up its oldest', async () => {
        const small = new addon.EventLog(20e6);
        const filter: Filter = { ...everything, kinds: 1 << 8 };
        const { givenUp: begin } = await small.list(...argumentsOf(filter), 0, 0);
        let all: Row[] = [];
        for (let part = 0; part < 12; part++) {
            small.append(events);
            all = all.concat(rows);
            const gone = small.givenUp;
            // As two questions at the same time: the first may be answered last.
            const one = small.list(...argumentsOf(filter), 5, 3);
            small.append(events);
            all = all.concat(rows);
            const other = small.list(...argumentsOf(filter), 5, 3);
            const goneLater = small.givenUp;
            for (const [answer, before] of [
                [await one, gone],
                [await other, goneLater],
            ] as const) {
                assert.equal(answer.givenUp - begin, all.slice(0, before).filter((row) => passes(row, filter)).length);
            }
        }
        assert.ok(small.givenUp > many, 'little was given up');
        assert.equal((await small.list(...argumentsOf({ ...filter, to: 2 ** 52 }), 0, 1)).givenUp, 0);
    });

    it('takes no arguments that do not fit', () => {
        const append = (columns: Partial<Record<keyof EventColumns, unknown>>) => nativeCode(() => log.append({ ...emptyEvents(1), ...columns } as EventColumns));
        assert.equal(append({}), 'EINVAL', 'the kind 0');
        assert.equal(append({ kinds: Uint8Array.of(kindCount + 1) }), 'EINVAL');
        assert.equal(append({ times: Float64Array.of(-1) }), 'EINVAL');
        assert.equal(append({ times: Float64Array.of(NaN) }), 'EINVAL');
        assert.equal(append({ starts: new BigUint64Array(2) }), 'EINVAL');
        assert.equal(append({ sizes: undefined }), 'EINVAL');
        const list = (...words: readonly unknown[]) => nativeCode(() => (log.list as (...words: readonly unknown[]) => unknown)(...words));
        assert.equal(list(everyKind, false, 0, latest, new BigUint64Array(3), 0, 1), 'EINVAL');
        assert.equal(list(everyKind, false, 0, latest, BigUint64Array.of(4n, 0n, 0n, 1n), 0, 1), 'EINVAL');
        assert.equal(list(everyKind, false, -1, latest, null, 0, 1), 'EINVAL');
        assert.equal(list(everyKind, false, 0, latest, null, NaN, 1), 'EINVAL');
        assert.equal(nativeCode(() => log.countEvents(everyKind, false, 0, latest, null, 5, 5, 1)), 'EINVAL');
        assert.equal(nativeCode(() => log.countEvents(everyKind, false, 0, latest, null, 0, 5, 0)), 'EINVAL');
        assert.equal(log.count, many);
    });
});
