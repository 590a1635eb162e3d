/**
 * The index of page runs on the largest maps: 64 GiB in which every other page differs, and a terabyte of a million random
 * runs. Beside it a copy of the columns by memcpy, the least that looking at each run can take.
 */
import type { PageRunColumns } from '../native/index';
import { addon } from '../test/native/addon';
import { makeRandomIntegers } from '../test/support/random';
import { fastest, report } from './stopwatch';

const repeats = 5;
const cells = 128 * 60;

/** Runs one after the other, of as many pages as `lengthOf` says. */
function columns(count: number, lengthOf: (run: number) => number): PageRunColumns {
    const runs = {
        count,
        gfns: new Float64Array(count),
        pages: new Float64Array(count),
        memslots: new Int32Array(count),
        states: new Uint32Array(count),
        details: new Uint32Array(count),
    };
    let gfn = 0;
    for (let run = 0; run < count; run++) {
        runs.gfns[run] = gfn;
        runs.pages[run] = lengthOf(run);
        runs.states[run] = run % 7 === 0 ? 3 : run & 1;
        gfn += lengthOf(run);
    }
    return runs;
}

async function measure(what: string, runs: PageRunColumns): Promise<void> {
    const last = runs.count - 1;
    const pages = (runs.gfns[last] ?? 0) + (runs.pages[last] ?? 0);
    const all = [runs.gfns, runs.pages, runs.memslots, runs.states, runs.details].map(
        ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength),
    );
    const into = all.map((column) => Buffer.alloc(column.length));
    const memcpy = await fastest(repeats, () => all.forEach((column, i) => column.copy(into[i] ?? column)));

    let index = new addon.PageRunIndex(runs);
    const line = (name: string, took: number, aim?: number) => report(`${what}: ${name}`, took, aim, { memcpy });
    line('build the index', await fastest(repeats, () => (index = new addon.PageRunIndex(runs))), 500);
    const classes = Uint8Array.from(index.kinds.states, (state) => state);
    const cellPages = Math.ceil(pages / cells);
    line(`count ${cells} cells over everything`, await fastest(repeats, () => index.countCells(classes, 0, cellPages, cells)), 100);
    const quarter = Math.floor(pages / 4);
    line('count as many cells of 16 pages', await fastest(repeats, () => index.countCells(classes, quarter, 16, cells)));
    line('find a class that is nowhere', await fastest(repeats, () => index.findClass(classes, new Uint8Array(256), 0, true)));

    const states = runs.states.slice();
    for (let run = 0; run < runs.count; run += 100) states[run] = 9;
    const changed = new addon.PageRunIndex({ ...runs, states });
    line('tell the differences, one run of a hundred', await fastest(repeats, () => index.differences(changed, 4096)), 100);
    line('compare', await fastest(repeats, () => addon.PageRunIndex.compare(index, changed)));
    const wanted = new Uint8Array(256).fill(1);
    const list = (order: number, descending: boolean) => index.list(classes, wanted, null, 0, 2 ** 52, order, descending, 0, 100);
    let descending = false;
    line('sort the table by size', await fastest(2, () => list(1, (descending = !descending))));
    line('leaf through it', await fastest(repeats, () => list(1, descending)));
    console.log(`  ${(index.bytes / index.count).toFixed(1)} bytes a run, ${runs.count.toLocaleString('en')} runs, memcpy ${memcpy.toFixed(1)} ms`);
}

await measure('64 GiB, alternating', columns(16_777_216, () => 1));
const integer = makeRandomIntegers();
const lengths = Float64Array.from({ length: 1_000_000 }, () => 1 + integer(535));
await measure('1 TiB, a million runs', columns(lengths.length, (run) => lengths[run] ?? 1));
