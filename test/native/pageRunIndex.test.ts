/** The index of page runs, against arrays with an entry for each page. */
import assert from 'node:assert/strict';
import type { PageRunColumns, PageRunIndex, RunRows } from '../../native/index';
import { makeRandomIntegers, seed } from '../support/random';
import { addon, codeOf, nativeCode } from './addon';

/** What a page is: equal ones that touch are one run. */
interface Page {
    readonly memslot: number;
    readonly state: number;
    readonly detail: number;
}
type Pages = readonly (Page | null)[];

interface Run extends Page {
    readonly gfn: number;
    readonly pages: number;
}

function runsOf(pages: Pages, base = 0): Run[] {
    const runs: Run[] = [];
    pages.forEach((page, index) => {
        if (page === null) return;
        const last = runs.at(-1);
        const goesOn =
            last !== undefined &&
            last.gfn + last.pages === base + index &&
            last.memslot === page.memslot && last.state === page.state && last.detail === page.detail;
        if (goesOn) runs[runs.length - 1] = { ...last, pages: last.pages + 1 };
        else runs.push({ gfn: base + index, pages: 1, ...page });
    });
    return runs;
}

const columnsOf = (runs: readonly Run[]): PageRunColumns => ({
    count: runs.length,
    gfns: Float64Array.from(runs, ({ gfn }) => gfn),
    pages: Float64Array.from(runs, ({ pages }) => pages),
    memslots: Int32Array.from(runs, ({ memslot }) => memslot),
    states: Uint32Array.from(runs, ({ state }) => state),
    details: Uint32Array.from(runs, ({ detail }) => detail),
});

const indexOf = (runs: readonly Run[]) => new addon.PageRunIndex(columnsOf(runs));

const rowsOf = ({ count, gfns, pages, memslots, states, details }: RunRows): Run[] =>
    Array.from({ length: count }, (_, i) => ({
        ...{ gfn: gfns[i] ?? NaN, pages: pages[i] ?? NaN, memslot: memslots[i] ?? NaN },
        ...{ state: states[i] ?? NaN, detail: details[i] ?? NaN },
    }));

const allRuns = (index: PageRunIndex) => index.slice(0, index.count);

/** Extents of the pages that are true. */
function extentsOf(pages: readonly boolean[], base = 0): [number, number][] {
    const extents: [number, number][] = [];
    pages.forEach((isOne, i) => {
        if (!isOne) return;
        const last = extents.at(-1);
        if (last?.[1] === base + i) last[1]++;
        else extents.push([base + i, base + i + 1]);
    });
    return extents;
}

const pairsOf = (extents: readonly (readonly number[])[]) => Float64Array.from(extents.flat());

/** Bytes for 256 classes, 1 for those that are wanted. */
const wanting = (...classes: number[]) => Uint8Array.from({ length: 256 }, (_, one) => (classes.includes(one) ? 1 : 0));

const integer = makeRandomIntegers();
const pick = <T>(from: readonly T[]): T => from[integer(from.length)] as T;

const differentPages: (Page | null)[] = [
    null,
    ...[-1, 0, 7].flatMap((memslot) =>
        [0, 1, 0x8000_0000].flatMap((state) => [0, 0xffff_ffff].map((detail) => ({ memslot, state, detail }))),
    ),
];

/** Stretches of different lengths, holes among them. */
function randomPages(stretches: number): (Page | null)[] {
    return Array.from({ length: integer(stretches) }, () => Array<Page | null>(1 + integer(pick([1, 4, 40]))).fill(pick(differentPages))).flat();
}

/** Where what is asked lies: at 0, somewhere, and up to the last gfn that there is. */
const bases = (length: number) => [0, 123_456_789, 2 ** 52 - length];

/** A class for each kind, among them that which does not count. */
function randomClasses({ kinds }: PageRunIndex): Uint8Array {
    return Uint8Array.from({ length: kinds.count }, () => pick([0, 1, 2, 254, 255]));
}

/** The class of each page; null where it does not count. */
function pageClasses(pages: Pages, index: PageRunIndex, classes: Uint8Array): (number | null)[] {
    const { count, states, details, presence } = index.kinds;
    return pages.map((page) => {
        if (page === null) return null;
        const bits = page.memslot < 0 ? 1 : 3;
        for (let i = 0; i < count; i++) {
            if (states[i] !== page.state || details[i] !== page.detail || presence[i] !== bits) continue;
            return classes[i] === 255 ? null : (classes[i] ?? null);
        }
        return assert.fail('a page is of no kind');
    });
}

describe(`an index of page runs (seed ${seed})`, () => {
    const rounds = 60;

    /** Random maps, each at several places. */
    async function forRandomMaps(check: (pages: Pages, base: number, index: PageRunIndex) => unknown): Promise<void> {
        for (let round = 0; round < rounds; round++) {
            const pages = randomPages(round);
            for (const base of bases(pages.length)) await check(pages, base, indexOf(runsOf(pages, base)));
        }
    }

    it('gives back its runs, and counts what they have in common', async () => {
        await forRandomMaps((pages, base, index) => {
            const runs = runsOf(pages, base);
            assert.equal(index.count, runs.length);
            assert.deepEqual(rowsOf(allRuns(index)), runs);
            const from = integer(runs.length + 3);
            assert.deepEqual(rowsOf(index.slice(from, 5)), runs.slice(from, from + 5));
            const { kinds } = index;
            const expected = new Map<string, number>();
            for (const page of pages) {
                if (page === null) continue;
                const key = [page.state, page.detail, page.memslot < 0 ? 1 : 3, 0, 0].join();
                expected.set(key, (expected.get(key) ?? 0) + 1);
            }
            const found = Array.from(kinds.states, (state, i): [string, number] => [
                [state, kinds.details[i], kinds.presence[i], kinds.beforeStates[i], kinds.beforeDetails[i]].join(),
                kinds.pages[i] ?? 0,
            ]);
            assert.deepEqual(new Map(found), expected);
            assert.equal(found.length, kinds.count);
        });
    });

    it('finds the run of a page, or the next one', async () => {
        await forRandomMaps((pages, base, index) => {
            const runs = runsOf(pages, base);
            for (let gfn = Math.max(0, base - 2); gfn < base + pages.length + 2; gfn++) {
                const next = runs.findIndex((run) => run.gfn + run.pages > gfn);
                assert.equal(index.find(gfn), next < 0 ? runs.length : next);
            }
        });
    });

    it('counts the pages of each class in cells of every size', async () => {
        await forRandomMaps(async (pages, base, index) => {
            const classes = randomClasses(index);
            const byPage = pageClasses(pages, index, classes);
            for (const cellPages of [1, 2, 3, 64, 1 + integer(100), 2 ** 20, 2 ** 52]) {
                const first = pick([0, base, Math.max(0, base - integer(50)), base + integer(50)]);
                const cells = pick([1, 2, 17, 300]);
                const found = await index.countCells(classes, first, cellPages, cells);
                const expected = new Map<number, Map<number, number>>();
                byPage.forEach((one, i) => {
                    const cell = Math.floor((base + i - first) / cellPages);
                    if (one === null || cell < 0 || cell >= cells) return;
                    const counts = expected.get(cell) ?? new Map<number, number>();
                    expected.set(cell, counts.set(one, (counts.get(one) ?? 0) + 1));
                });
                assert.equal(found.offsets.length, cells + 1);
                assert.equal(found.offsets[cells], found.classes.length);
                for (let cell = 0; cell < cells; cell++) {
                    const counts = [...(expected.get(cell) ?? [])].sort(([a], [b]) => a - b);
                    const [from, to] = found.offsets.subarray(cell, cell + 2);
                    const entries = Array.from(found.classes.subarray(from, to), (one, i) => [one, found.pages[(from ?? 0) + i]]);
                    assert.deepEqual(entries, counts, `cell ${cell} of ${cells} with ${cellPages} pages from ${first}`);
                }
            }
        });
    });

    it('finds the next run of a class, forward and back', async () => {
        await forRandomMaps(async (pages, base, index) => {
            const classes = randomClasses(index);
            const runs = runsOf(pages, base);
            const byPage = pageClasses(pages, index, classes);
            const isWanted = runs.map(({ gfn }) => [1, 254].includes(byPage[gfn - base] ?? -1));
            for (let run = 0; run <= runs.length; run += 1 + integer(3)) {
                const next = isWanted.indexOf(true, run);
                assert.equal(await index.findClass(classes, wanting(1, 254, 255), run, true), next);
                const last = run < runs.length ? isWanted.lastIndexOf(true, run) : -1;
                assert.equal(await index.findClass(classes, wanting(1, 254, 255), run, false), last);
            }
        });
    });

    it('lists runs as a table, a part at a time', async () => {
        await forRandomMaps(async (pages, base, index) => {
            const classes = randomClasses(index);
            const byPage = pageClasses(pages, index, classes);
            const classOf = ({ gfn }: Run) => byPage[gfn - base] ?? -1;
            const memslot = pick([null, 0, 7]);
            const [gfn, end] = pick([[0, 2 ** 52], [base + integer(40), base + 40 + integer(40)]] as const);
            const order = integer(4);
            const descending = integer(2) === 1;
            const key = [(run: Run) => run.gfn, (run: Run) => run.pages, (run: Run) => run.memslot, classOf][order] ?? classOf;
            const expected = runsOf(pages, base)
                .filter((run) => [0, 2].includes(classOf(run)) && (memslot === null || run.memslot === memslot))
                .filter((run) => run.gfn < end && run.gfn + run.pages > gfn)
                .sort((a, b) => (descending ? key(b) - key(a) : key(a) - key(b)) || a.gfn - b.gfn);
            for (let first = 0; first <= expected.length; first += 4) {
                const found = await index.list(classes, wanting(0, 2, 255), memslot, gfn, end, order, descending, first, 4);
                assert.deepEqual(rowsOf(found), expected.slice(first, first + 4));
                assert.equal(found.total, expected.length);
                assert.equal(found.totalPages, expected.reduce((sum, run) => sum + run.pages, 0));
            }
        });
    });

    it('answers different tables that are asked for at the same time', async () => {
        const index = indexOf(runsOf(Array.from({ length: 500 }, (_, i) => ({ memslot: i % 5, state: i, detail: 0 }))));
        const classes = new Uint8Array(index.kinds.count);
        const ask = (memslot: number) => index.list(classes, wanting(0), memslot, 0, 2 ** 52, 0, memslot % 2 === 0, 0, 1);
        const found = await Promise.all([0, 1, 2, 3, 4, 0, 1, 2, 3, 4].map(ask));
        assert.deepEqual(found.map(({ gfns }) => gfns[0]), [495, 1, 497, 3, 499, 495, 1, 497, 3, 499]);
    });

    it('compares two maps, page by page', async () => {
        for (let round = 0; round < rounds; round++) {
            const before = randomPages(round);
            const after = before.map((page) => (integer(5) === 0 ? pick(differentPages) : page)).concat(randomPages(5));
            for (const base of bases(Math.max(before.length, after.length))) {
                const [earlier, later] = [indexOf(runsOf(before, base)), indexOf(runsOf(after, base))];
                const comparison = await addon.PageRunIndex.compare(earlier, later);
                const rows = allRuns(comparison);
                let at = 0;
                for (let row = 0; row < rows.count; row++) {
                    const gfn = rows.gfns[row] ?? NaN;
                    assert.ok(gfn >= at, 'it has runs that overlap');
                    at = gfn + (rows.pages[row] ?? NaN);
                    for (let page = gfn; page < at; page++) {
                        const [was, is] = [before[page - base] ?? null, after[page - base] ?? null];
                        const presence = (is === null ? 0 : is.memslot < 0 ? 1 : 3) | (was === null ? 0 : was.memslot < 0 ? 4 : 12);
                        assert.deepEqual(
                            [rows.presence[row], rows.memslots[row], rows.states[row], rows.details[row], rows.beforeStates[row], rows.beforeDetails[row]],
                            [presence, (is ?? was)?.memslot, is?.state ?? 0, is?.detail ?? 0, was?.state ?? 0, was?.detail ?? 0],
                        );
                    }
                }
                const length = Math.max(before.length, after.length);
                const pages = Array.from({ length }, (_, i) => (before[i] ?? null) !== null || (after[i] ?? null) !== null);
                assert.equal(comparison.kinds.pages.reduce((sum, count) => sum + count, 0), pages.filter(Boolean).length);
                const different = Array.from({ length }, (_, i) => JSON.stringify(before[i] ?? null) !== JSON.stringify(after[i] ?? null));
                assert.deepEqual(await earlier.differences(later, 2 ** 20), pairsOf(extentsOf(different, base)));
                assert.deepEqual(await comparison.differences(comparison, 5), new Float64Array());
                // What exists of a comparison is the later map.
                assert.deepEqual(await later.differences(await addon.PageRunIndex.compare(indexOf([]), later), 5), new Float64Array());
            }
        }
    });

    it('tells where the runs of some classes are, near ones as one', async () => {
        await forRandomMaps(async (pages, base, index) => {
            const classes = randomClasses(index);
            const wanted = pageClasses(pages, index, classes).map((one) => one === 0 || one === 1);
            const exact = extentsOf(wanted, base);
            assert.deepEqual(await index.extents(classes, wanting(0, 1, 255), 2 ** 20), pairsOf(exact));
            const most = 1 + integer(4);
            const joined = await index.extents(classes, wanting(0, 1), most);
            assert.equal(joined.length / 2, Math.min(most, exact.length));
            // The pages beside them are those of the narrowest gaps.
            const gaps = exact.slice(1).map(([start], i) => start - (exact[i]?.[1] ?? NaN)).sort((a, b) => a - b);
            const beside = gaps.slice(0, Math.max(0, exact.length - most)).reduce((sum, gap) => sum + gap, 0);
            const sum = (pairs: readonly number[]) => pairs.reduce((total, gfn, i) => total + (i % 2 === 0 ? -gfn : gfn), 0);
            assert.equal(sum([...joined]), sum(exact.flat()) + beside);
            for (const [start, end] of exact) {
                assert.ok(joined.some((from, i) => i % 2 === 0 && from <= start && end <= (joined[i + 1] ?? NaN)));
            }
        });
    });

    it('is empty without runs', async () => {
        const index = indexOf([]);
        assert.deepEqual([index.count, index.kinds.count, index.find(0), index.slice(0, 10).count], [0, 0, 0, 0]);
        const none = new Uint8Array();
        assert.deepEqual([...(await index.countCells(none, 0, 1, 3)).offsets], [0, 0, 0, 0]);
        assert.equal(await index.findClass(none, wanting(0), 0, true), -1);
        assert.equal((await index.list(none, wanting(0), null, 0, 9, 1, true, 0, 9)).total, 0);
        assert.equal((await addon.PageRunIndex.compare(index, index)).count, 0);
    });

    it('refuses columns that are no runs', () => {
        const good = columnsOf(runsOf([{ memslot: 0, state: 1, detail: 2 }, null, { memslot: 0, state: 3, detail: 4 }]));
        assert.equal(new addon.PageRunIndex(good).count, 2);
        const wrong: unknown[] = [
            undefined,
            7,
            {},
            { ...good, count: 3 },
            { ...good, count: '2' },
            { ...good, gfns: [0, 2] },
            { ...good, gfns: new Uint32Array([0, 2]) },
            { ...good, gfns: new Float64Array([0]) },
            { ...good, pages: new Float64Array([1, 1, 1]) },
            { ...good, memslots: new Uint32Array([0, 0]) },
            { ...good, details: new Uint32Array([0]) },
            { ...good, memslots: new Int32Array([0, -2]) },
            { ...good, gfns: new Float64Array([2, 0]) },
            ...[-1, 0.5, NaN, Infinity, 2 ** 52, 2 ** 53, 2 ** 64].map((gfn) => ({ ...good, gfns: new Float64Array([0, gfn]) })),
            ...[0, -1, 0.5, NaN, Infinity, 3, 2 ** 52, 2 ** 64].map((pages) => ({ ...good, pages: new Float64Array([pages, 1]) })),
            ...[2 ** 52 - 1, 2 ** 52, 2 ** 53].map((pages) => ({ ...good, pages: new Float64Array([1, pages]) })),
        ];
        for (const columns of wrong) {
            assert.equal(nativeCode(() => new addon.PageRunIndex(columns as PageRunColumns)), 'EINVAL', String(columns));
        }
    });

    it('refuses more kinds than a table of them may have', () => {
        const pages = Array.from({ length: 65_537 }, (_, state) => ({ memslot: 0, state, detail: 0 }));
        assert.equal(indexOf(runsOf(pages.slice(1))).kinds.count, 65_536);
        assert.equal(nativeCode(() => indexOf(runsOf(pages))), 'E2BIG');
    });

    it('refuses arguments that do not fit', async () => {
        const index = indexOf(runsOf([{ memslot: 0, state: 1, detail: 2 }]));
        const one = new Uint8Array(1);
        const rejected = async (ask: () => Promise<unknown>) => {
            const thrown = await Promise.resolve().then(ask).then(() => assert.fail('it was answered'), (error: unknown) => error);
            assert.equal(codeOf(thrown), 'EINVAL');
        };
        const wrong: (() => Promise<unknown>)[] = [
            () => index.countCells(new Uint8Array(2), 0, 1, 1),
            () => index.countCells(new Uint8Array(0), 0, 1, 1),
            () => index.countCells(one, -1, 1, 1),
            () => index.countCells(one, 0, 0, 1),
            () => index.countCells(one, 0, 1, 0),
            () => index.countCells(one, 0, 1, 65_537),
            () => index.countCells(one, 0, 2 ** 53, 1),
            () => index.findClass(one, new Uint8Array(255), 0, true),
            () => index.findClass(new Uint8Array(2), wanting(0), 0, true),
            () => index.list(one, wanting(), null, 0, 1, 4, false, 0, 1),
            () => index.list(one, wanting(), null, 0, 1, 0, false, 0, 2 ** 21),
            () => index.list(new Uint8Array(3), wanting(), null, 0, 1, 0, false, 0, 1),
            () => index.extents(one, wanting(0), 0),
            () => index.extents(new Uint8Array(2), wanting(0), 1),
            () => index.differences(index, 0),
            () => index.differences(new addon.VmmProcess(process.pid) as unknown as PageRunIndex, 1),
            () => addon.PageRunIndex.compare(index, undefined as unknown as PageRunIndex),
            () => Promise.resolve(index.find(0.5)),
            () => Promise.resolve(index.slice(0, 2 ** 21)),
        ];
        for (const ask of wrong) await rejected(ask);
    });

    it('is not changed by what is done to the columns later, and goes on when it is no longer used', async () => {
        const columns = columnsOf(runsOf([{ memslot: 0, state: 1, detail: 2 }]));
        const classes = new Uint8Array(1);
        const counted = new addon.PageRunIndex(columns).countCells(classes, 0, 1, 1);
        columns.pages.fill(0);
        classes.fill(9);
        // Allocates until the index, which nobody refers to, is collected.
        for (let i = 0; i < 20; i++) indexOf(runsOf(Array.from({ length: 1000 }, (_, state) => ({ memslot: 0, state, detail: 0 }))));
        const { classes: found, pages } = await counted;
        assert.deepEqual([[...found], [...pages]], [[0], [1]]);
    });
});
