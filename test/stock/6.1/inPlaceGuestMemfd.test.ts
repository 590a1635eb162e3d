/**
 * The attributes of a guest_memfd of a kernel with in-place conversion, read from what a small kernel module has in its
 * place: real maple trees of values, changed by the kernel's own functions and compared with the kernel's own iteration.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import type { VmmProcess } from '../../../native/index';
import { walkGuestMemfdAttributes } from '../../../src/agent/pages/attributeWalk';
import { Pace } from '../../../src/agent/pace';
import { addon } from '../../native/addon';
import { joined, readRuns, type Run } from '../../native/runs';
import { InPlaceFile } from '../../support/inPlaceModule';
import { makeRandomIntegers, seed } from '../../support/random';
import { until } from '../../support/until';

const privateAttribute = 8;
const everyPage = 2 ** 52;

describe(`attributes of a guest_memfd, in maple trees (seed ${seed})`, () => {
    let file: InPlaceFile | undefined;
    let fd = -1;
    let vmm: VmmProcess | undefined;
    let changer: ChildProcess | undefined;

    before('load the module', function () {
        file = InPlaceFile.open(this);
        ({ fd } = file);
        vmm = new addon.VmmProcess(process.pid);
    });
    after(() => {
        vmm?.close();
        file?.close();
    });
    beforeEach(() => store(['new']));
    afterEach(async () => {
        if (changer === undefined) return;
        changer.kill('SIGKILL');
        await once(changer, 'exit');
        changer = undefined;
    });

    const random = makeRandomIntegers();

    const opened = () => vmm ?? assert.fail('the module was not loaded');
    const mounted = () => file ?? assert.fail('the module was not loaded');
    const store = (lines: readonly string[]) => mounted().store(lines);

    const read = (first = 0, end = everyPage) =>
        readRuns(
            first,
            (from) => opened().readGuestMemfdAttributes(fd, from, end),
            ({ gfns, values }) => ({ firsts: gfns, states: values }),
        );

    /** What the kernel finds: ranges that touch and have the same value as one; the value 0 is no run. */
    const iterated = (): Run[] =>
        joined(
            mounted()
                .iteration()
                .map(([, first, last, value]) => ({
                    first: Number(first),
                    pages: Number(last) + 1 - Number(first),
                    state: Number(value),
                }))
                .filter(({ state }) => state !== 0),
        );

    /** The part of them in [first, end). */
    const within = (runs: readonly Run[], first: number, end: number): Run[] =>
        runs.flatMap((run) => {
            const from = Math.max(run.first, first);
            const pages = Math.min(run.first + run.pages, end) - from;
            return pages > 0 ? [{ first: from, pages, state: run.state }] : [];
        });

    const randomRanges = (count: number, pages: number, longest: number) =>
        Array.from({ length: count }, () => {
            const first = random(pages - longest);
            return `${first} ${first + random(longest)} ${random(2) * privateAttribute}`;
        });

    it('are a store of the file, which is known by its structs', () => {
        const record = opened().readGuestMemfd(fd);
        assert.equal(record?.hasAttributeStore, true);
        assert.deepEqual(opened().readGuestMemfdAttributes(fd + 1000, 0, 1), null);
    });

    it('are none in an empty tree', () => assert.deepEqual(read(), { runs: [], chunks: 1 }));

    it('are those of page 0 alone, which the tree keeps without a node', () => {
        store(['0 0 8']);
        assert.deepEqual(read().runs, [{ first: 0, pages: 1, state: 8 }]);
        assert.deepEqual(read(1).runs, []);
    });

    it('are those of every page there can be', () => {
        store(['0 18446744073709551615 8']);
        assert.deepEqual(read().runs, [{ first: 0, pages: everyPage, state: 8 }]);
        assert.deepEqual(read(77, 78).runs, [{ first: 77, pages: 1, state: 8 }]);
    });

    it('are private but for what was converted, as KVM makes them', () => {
        store(['0 262143 8', '512 1023 0', '5 5 0', '262143 262143 0']);
        assert.deepEqual(read().runs, [
            { first: 0, pages: 5, state: 8 },
            { first: 6, pages: 506, state: 8 },
            { first: 1024, pages: 261_119, state: 8 },
        ]);
    });

    it('have holes where ranges were erased', () => {
        store(['0 99 8', '10 19 -', '0 0 -']);
        assert.deepEqual(read().runs, [
            { first: 1, pages: 9, state: 8 },
            { first: 20, pages: 80, state: 8 },
        ]);
    });

    // A leaf, and trees of two, three and more levels.
    for (const count of [5, 60, 1000, 20_000]) {
        it(`are what the kernel's own iteration finds after ${count} random changes`, () => {
            // The last page is private whatever the others become, so that there is something to find.
            store(['0 262143 0', ...randomRanges(count, 262_144, 7), `262143 262143 ${privateAttribute}`]);
            const expected = iterated();
            assert.ok(expected.length >= 1 + Math.floor(count / 20));
            assert.deepEqual(read().runs, expected);
        });
    }

    it('are 60,000 runs, read in several chunks, and the same in any window', () => {
        const count = 60_000;
        store(['0 262143 0', ...Array.from({ length: count }, (_, index) => `${index * 4} ${index * 4 + random(3)} 8`)]);
        const { runs, chunks } = read();
        assert.equal(runs.length, count);
        assert.ok(chunks > 1);
        const expected = iterated();
        assert.deepEqual(runs, expected);
        for (let round = 0; round < 30; round++) {
            const first = random(262_144);
            const end = first + 1 + random(5000);
            assert.deepEqual(read(first, end).runs, within(expected, first, end), `pages ${first} to ${end}`);
        }
    });

    /** Has another process make these changes over and over until the test ends: a batch at a time, milliseconds apart. */
    async function keepChanging(batches: readonly (readonly string[])[], pause: number): Promise<void> {
        const script = `
            const [path, batches, pause] = process.argv.slice(1);
            const fd = require('fs').openSync(path, 'r+');
            const sleep = new Int32Array(new SharedArrayBuffer(4));
            for (;;) for (const batch of JSON.parse(batches)) {
                require('fs').writeSync(fd, batch.join('\\n'));
                Atomics.wait(sleep, 0, 0, Number(pause));
            }`;
        const words = ['-e', script, mounted().path, JSON.stringify(batches), String(pause)];
        const before = read().runs;
        changer = spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] });
        await until('the tree changes', () => !isDeepStrictEqual(read().runs, before));
    }

    it('leave out nothing that stands, while others come and go without pause', async () => {
        const standing = 2000;
        store(['0 32767 0', ...Array.from({ length: standing }, (_, index) => `${index * 16} ${index * 16 + 3} 16`)]);
        const changes = Array.from({ length: 4000 }, () => {
            const first = 4 + random(12);
            const base = random(standing) * 16;
            return `${base + first} ${base + first + random(16 - first)} ${random(2) * privateAttribute}`;
        });
        await keepChanging([changes], 0);
        const seen = new Set<number>();
        for (let round = 0; round < 100; round++) {
            const { runs } = read();
            assert.deepEqual(
                runs.filter(({ state }) => state === 16),
                Array.from({ length: standing }, (_, index) => ({ first: index * 16, pages: 4, state: 16 })),
            );
            for (const [index, { first, state }] of runs.entries()) {
                const before = runs[index - 1];
                assert.ok(first >= (before === undefined ? 0 : before.first + before.pages), 'the runs are disordered');
                assert.ok(state === 16 || state === privateAttribute);
            }
            seen.add(runs.length);
        }
        assert.ok(seen.size > 1, 'the tree has not changed');
    });

    it('are of one state where they are called consistent', async () => {
        const toggled = Array.from({ length: 200 }, (_, index) => ((index * 977) % 10_000) * 16 + 8);
        store(['0 159999 0', ...Array.from({ length: 10_000 }, (_, index) => `${index * 16} ${index * 16 + 3} 16`)]);
        // There and back again: each page becomes private, later shared, and every state in between is known.
        const states = new Set<string>(['']);
        const isPrivate = new Set<number>();
        const changes = [...toggled, ...toggled].map((page) => {
            if (!isPrivate.delete(page)) isPrivate.add(page);
            states.add([...isPrivate].sort((a, b) => a - b).join());
            return `${page} ${page} ${isPrivate.has(page) ? privateAttribute : 0}`;
        });
        await keepChanging(Array.from({ length: 20 }, (_, index) => changes.slice(index * 20, index * 20 + 20)), 100);
        const record = opened().readGuestMemfd(fd) ?? assert.fail('the file has gone');
        const held = { fds: [fd], holders: [], record, source: { process: opened(), fd } };
        let consistent = 0;
        for (let round = 0; round < 100; round++) {
            const walk = await walkGuestMemfdAttributes('the VM', held, 0, 160_000, new Pace(new AbortController().signal));
            if (!walk.consistent) continue;
            consistent++;
            const state = [...walk.layer.first].filter((_, index) => walk.layer.states[index] === privateAttribute).join();
            assert.ok(states.has(state), `these pages were never private together: ${state}`);
        }
        assert.ok(consistent > 0, 'none of the walks was consistent');
    });
});
