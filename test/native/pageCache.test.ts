/** Page caches as BPF walks them, against cachestat and mincore in the process that owns the file. */
import assert from 'node:assert/strict';
import type { VmmProcess } from '../../native/index';
import { makeRandomIntegers, seed } from '../support/random';
import { requireRoot } from '../support/requirements';
import { skip } from '../support/skip';
import { addon } from './addon';
import { RandomPages, requireRandomPages, type FileKind, type PageStates } from './randomPages';
import { readRuns, runsOfDigits, type Run } from './runs';


type Read = (process: VmmProcess, told: PageStates, first: number, end: number) => { runs: Run[]; chunks: number };

const readers: Record<FileKind, Read> = {
    guest_memfd: (process, told, first, end) =>
        readRuns(
            first,
            (from) => process.readGuestMemfdPages(told.fd, from, end),
            // Without the node, of which test/nested/numaNodes.test.ts has two.
            ({ first: firsts, states }) => ({ firsts, states: states.map((state) => state & 3) }),
        ),
    memfd: (process, told, first, end) =>
        readRuns(
            first,
            (from) => process.readMappedFilePages(BigInt(told.hva), from, end),
            ({ first: firsts, states }) => ({ firsts, states }),
        ),
};

for (const kind of ['guest_memfd', 'memfd'] as const) {
    describe(`page cache of a ${kind} (seed ${seed})`, function () {
        this.timeout(120_000);
        let fixture: RandomPages | undefined;
        const opened: VmmProcess[] = [];
        const start = async (pages: number, command?: string) => {
            fixture = new RandomPages(kind, pages, seed);
            const told = await fixture.tell(command);
            const process = new addon.VmmProcess(told.pid);
            opened.push(process);
            return { process, told, fixture };
        };
        before(function () {
            requireRoot(this);
            requireRandomPages(this, kind);
        });
        afterEach(() => {
            opened.splice(0).forEach((process) => process.close());
            fixture?.end();
        });

        it('is empty at first', async () => {
            const { process, told } = await start(100);
            assert.deepEqual(readers[kind](process, told, 0, 100), { runs: [], chunks: 1 });
        });

        // One page, less than a leaf of the kernel's tree, and trees of two, three and four levels.
        for (const pages of [1, 50, 3000, 100_000, 300_000]) {
            const rounds = pages > 10_000 ? 3 : 12; // The fixture asks the kernel about every page.
            it(`has the states of ${pages} pages after every change`, async () => {
                const { process, told: first, fixture: file } = await start(pages);
                for (let round = 0, told = first; round < rounds; round++, told = await file.tell(`change ${120 / rounds}`)) {
                    assert.deepEqual(readers[kind](process, told, 0, pages).runs, runsOfDigits(told.states), `round ${round}`);
                }
            });
        }

        it('has the same pages in any window', async () => {
            const pages = 9000;
            const { process, told } = await start(pages, 'change 200');
            const random = makeRandomIntegers();
            for (let round = 0; round < 300; round++) {
                const from = random(pages);
                const end = from + random(pages - from + 1);
                const { runs } = readers[kind](process, told, from, end);
                assert.deepEqual(runs, runsOfDigits(told.states, from, end), `pages ${from} to ${end}`);
            }
        });

        it('goes on where a walk of many leaves paused', async () => {
            const { process, told } = await start(1_300_000, 'stride 64 20000');
            const { runs, chunks } = readers[kind](process, told, 0, told.pages);
            assert.deepEqual(runs, runsOfDigits(told.states));
            assert.equal(runs.length, 20_000);
            assert.ok(chunks > 1, 'it came in one chunk');
        });

        it('goes on where the records were full', async () => {
            const { process, told } = await start(140_000, 'stride 2 70000');
            const { runs, chunks } = readers[kind](process, told, 0, told.pages);
            assert.deepEqual(runs, runsOfDigits(told.states));
            assert.equal(runs.length, 70_000);
            assert.ok(chunks > 1, 'it came in one chunk');
        });

        it('is not changed by being read', async () => {
            const { process, told, fixture: file } = await start(2000, 'change 30');
            const into = Buffer.alloc(told.pages * 4096);
            readers[kind](process, told, 0, told.pages);
            if (kind === 'guest_memfd') process.readGuestMemfdBytes(told.fd, 0n, into);
            else process.readMappedFile(BigInt(told.hva), into);
            assert.equal((await file.tell()).states, told.states);
        });
    });
}

describe('folios of a page cache', () => {
    let fixture: RandomPages | undefined;
    let process_: VmmProcess | undefined;
    before(function () {
        requireRoot(this);
    });
    afterEach(() => {
        process_?.close();
        fixture?.end();
    });

    for (const kind of ['guest_memfd', 'memfd'] as const) {
        it(`are single pages in a ${kind}, and all are counted`, async function () {
            requireRandomPages(this, kind);
            fixture = new RandomPages(kind, 3000, seed);
            const { pid, fd, hva, states } = await fixture.tell('change 60');
            process_ = new addon.VmmProcess(pid);
            const count = (first: number, end: number) =>
                (kind === 'memfd' ? process_?.readMappedFilePages(BigInt(hva), first, end) : process_?.readGuestMemfdPages(fd, first, end))
                    ?.folioOrders;
            const present = (text: string) => text.replaceAll('0', '').length;
            assert.deepEqual(count(0, 3000), Float64Array.of(present(states)));
            assert.deepEqual(count(100, 1500), Float64Array.of(present(states.slice(100, 1500))));
        });
    }

    it('are told by their order, where the kernel has put pages together', async function () {
        requireRandomPages(this, 'memfd');
        fixture = new RandomPages('memfd', 1536, seed);
        await fixture.tell('stride 2 700');
        const told = await fixture.tell('collapse').catch(() => skip(this, 'this kernel did not put pages of a memfd together (MADV_COLLAPSE)'));
        process_ = new addon.VmmProcess(told.pid);
        const chunk = process_.readMappedFilePages(BigInt(told.hva), 0, 1536);
        assert.deepEqual([...(chunk?.folioOrders ?? [])], [(1400 - 512) / 2, 0, 0, 0, 0, 0, 0, 0, 0, 512]);
        // A run reaches over the edge of the huge page: it is no other state.
        assert.deepEqual(chunk?.states, new Uint8Array(chunk?.states.length ?? 0).fill(2));
        assert.deepEqual([chunk.first[0], chunk.pages[0]], [0, 513]);
    });
});

describe('page cache of no file', () => {
    before(function () {
        requireRoot(this);
        requireRandomPages(this, 'memfd');
    });

    it('is null for what is not a guest_memfd, and where no file is mapped', () => {
        const self = new addon.VmmProcess(process.pid);
        assert.equal(self.readGuestMemfdPages(0, 0, 10), null);
        assert.equal(self.readGuestMemfdPages(99_999, 0, 10), null);
        assert.equal(self.readGuestMemfd(0), null);
        assert.equal(self.readMappedFilePages(0n, 0, 10), null);
        assert.equal(self.readGuestMemfdBytes(0, 0n, Buffer.alloc(8)), -1);
        assert.equal(self.readMappedFile(0n, Buffer.alloc(8)), -1);
        self.close();
    });
});
