/** VM-scope attributes as the addon walks them, against the VMM's own record, for random layouts. */
import assert from 'node:assert/strict';
import type { VmmProcess } from '../../native/index';
import { addon } from '../native/addon';
import { readRuns, type Run } from '../native/runs';
import { endOf, page, startOf } from '../support/pages';
import { makeRandomIntegers, seed } from '../support/random';
import { suiteVmm } from '../support/suiteVmm';

const privateBit = 8;

describe(`walking attributes (seed ${seed})`, () => {
    const vmm = suiteVmm(['--type', 'sw-protected']);
    let process_: VmmProcess;
    before(async () => {
        await vmm().setPaused(true);
        process_ = new addon.VmmProcess(vmm().report.pid);
    });
    after(() => process_.close());

    const random = makeRandomIntegers();
    const walk = (first: number, end: number) =>
        readRuns(
            first,
            (from) => process_.readAttributes(vmm().report.vmFd, from, end),
            ({ gfns, values }) => ({ firsts: gfns, states: values }),
        );
    /** The VMM's record as runs, cut to [first, end). */
    async function record(first: number, end: number): Promise<Run[]> {
        return (await vmm().privateRanges()).flatMap((range) => {
            const from = Math.max(first, Number(startOf(range) / page));
            const to = Math.min(end, Number(endOf(range) / page));
            return from < to ? [{ first: from, pages: to - from, state: privateBit }] : [];
        });
    }

    // From pages of one leaf of the kernel's tree to ranges of three levels, with and without a memslot there.
    for (const [name, base, span] of [
        ['single pages', 0x400, 64],
        ['a memslot', 0x400, 0x200],
        ['a wide range', 0x100000, 0x40000],
        ['where no memslot is', 0x4000000, 0x10000],
    ] as const) {
        it(`equals the record: ${name}`, async () => {
            for (let round = 0; round < 15; round++) {
                const first = base + random(span);
                const pages = 1 + random(Math.min(300, base + span - first));
                await vmm().setAttribute(BigInt(first) * page, BigInt(pages) * page, random(3) > 0 ? 'private' : 'shared');
                assert.deepEqual(walk(0, 1 << 28).runs, await record(0, 1 << 28), `round ${round}`);
            }
        });
    }

    it('equals the record in any window', async () => {
        const expected = await record(0, 1 << 28);
        const edges = expected.flatMap(({ first, pages }) => [first, first + pages]);
        for (let round = 0; round < 100; round++) {
            const from = Math.max(0, (edges[random(edges.length)] ?? 0) + random(130) - 65);
            const end = from + random(5000);
            assert.deepEqual(walk(from, end).runs, await record(from, end), `gfns ${from} to ${end}`);
        }
    });

    it('goes on where a walk of many leaves paused, and stays one state', async () => {
        const gfn = 0x8000000;
        const pages = 3 << 20; // 12 GiB: three walks' worth of leaves.
        await vmm().setAttribute(BigInt(gfn) * page, BigInt(pages) * page, 'private');
        const { runs, chunks } = walk(gfn, gfn + pages);
        assert.deepEqual(runs, [{ first: gfn, pages, state: privateBit }]);
        assert.ok(chunks > 1, 'it came in one chunk');
        await vmm().setAttribute(BigInt(gfn) * page, BigInt(pages) * page, 'shared');
        assert.deepEqual(walk(gfn, gfn + pages).runs, []);
    });

    it('moves the sequence where a memslot covers the change, and is quiet at rest', async () => {
        const read = () => process_.readAttributes(vmm().report.vmFd, 0, 1) ?? assert.fail('the VM keeps no attributes');
        const before = read();
        assert.equal(before.quiet, true);
        assert.equal(read().sequence, before.sequence);
        const slot = vmm().memslot('guest_memfd', 1);
        await vmm().setAttribute(startOf(slot), page, 'private');
        await vmm().setAttribute(startOf(slot), page, 'shared');
        assert.ok(read().sequence > before.sequence);
    });

    it('knows the type of the VM and that it has private memory', () => {
        const record = process_.readVm(vmm().report.vmFd);
        assert.deepEqual(
            [record?.type, record?.hasPrivateMemory, record?.hasAttributeStore, record?.addressSpaces],
            [1, true, true, 2],
        );
    });
});
