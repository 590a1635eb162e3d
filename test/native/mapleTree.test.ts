/** The walk of a maple tree, on the largest ones that every kernel has: the VMAs of a process, as /proc/PID/maps lists them. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { requireRoot } from '../support/requirements';
import { until } from '../support/until';
import { compileFixture, compileVmaRuns } from './fixtures';

/** A run as [first address, one past its last, the start of the VMA that the tree names there]. */
type VmaRun = readonly [number, number, number];

/** Addresses are below 2^47, so they fit a double. */
function vmaRuns(program: string, pid: number, walks = 1): VmaRun[][] {
    const bytes = execFileSync(program, [String(pid), String(walks)], { maxBuffer: 2 ** 30 });
    const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
    const walked: VmaRun[][] = [];
    for (let at = 0; at < words.length; ) {
        const count = Number(words[at++]);
        const runs = Array.from({ length: count }, (_, index): VmaRun => {
            const [first = 0, size = 0, start = 0] = Array.from(words.subarray(at + 3 * index, at + 3 * index + 3), Number);
            return [first, first + size, start];
        });
        walked.push(runs);
        at += 3 * count;
    }
    return walked;
}

/** What /proc/PID/maps lists, but for the vsyscall page, which is no VMA. */
const listedVmas = (pid: number): VmaRun[] =>
    [...readFileSync(`/proc/${pid}/maps`, 'latin1').matchAll(/^([0-9a-f]+)-([0-9a-f]+) .*$/gm)]
        .filter(([line]) => !line.endsWith('[vsyscall]'))
        .map(([, first = '', end = '']) => [parseInt(first, 16), parseInt(end, 16), parseInt(first, 16)]);

describe('maple trees', function () {
    this.timeout(120_000);
    let program = '';
    let child: ChildProcessByStdio<null, Readable, null> | undefined;

    const start = async (count: number, ...words: string[]) => {
        child = spawn(compileFixture('many_mappings.c'), [String(count), ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        return { pid: child.pid ?? 0, region: Number((await lines.next()).value) };
    };
    before(function () {
        requireRoot(this);
        program = compileVmaRuns();
    });
    afterEach(async () => {
        if (child?.exitCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
        child = undefined;
    });

    // A leaf, and trees of two, three and five levels; the last one takes several walks.
    for (const count of [1, 40, 1000, 60_000]) {
        it(`have the VMAs of a process with ${count} mappings of its own`, async () => {
            const { pid } = await start(count);
            const [runs = []] = vmaRuns(program, pid);
            assert.ok(runs.length > count);
            assert.deepEqual(runs, listedVmas(pid));
        });
    }

    it('have every VMA that stands, while others come and go without pause', async () => {
        const count = 2000;
        const { pid, region } = await start(count, 'change');
        // As many as show many trees: on a single processor the process changes nothing while it is looked at.
        const walks: VmaRun[][] = [];
        await until('the tree has changed', () => {
            walks.push(...vmaRuns(program, pid, 300));
            return new Set(walks.map(({ length }) => length)).size > 10;
        });
        const stride = 8 * 4096;
        const end = region + count * stride;
        for (const runs of walks) {
            const standing = runs.filter(([first]) => first >= region && first < end && (first - region) % stride === 0);
            assert.equal(standing.length, count);
            for (const [first, until, vma] of standing) assert.deepEqual([until, vma], [first + 4096, first]);
            for (const [index, [first]] of runs.entries()) assert.ok(first >= (runs[index - 1]?.[1] ?? 0), 'the runs are disordered');
        }
    });
});
