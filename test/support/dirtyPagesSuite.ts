/** The dirty bitmap as `guestmem map` shows it, against what the guest wrote and what KVM_GET_DIRTY_LOG then gives. */
import assert from 'node:assert/strict';
import type { PageMap } from '../../src/common/model';
import type { DemoRange, DemoVmm } from './demoVmm';
import { guestmem, guestmemJson } from './guestmem';
import { hex, page, pagesOf, runAt, startOf } from './pages';
import { suiteVmm } from './suiteVmm';

/** The dirty ranges of a map, merged: its runs also end where something else changes. */
function dirtyRanges({ runs }: PageMap): DemoRange[] {
    const ranges: { gpa: bigint; end: bigint }[] = [];
    for (const run of runs.filter(({ dirty }) => dirty === true)) {
        const start = BigInt(run.gpa);
        const last = ranges.at(-1);
        if (last?.end === start) last.end += BigInt(run.size);
        else ranges.push({ gpa: start, end: start + BigInt(run.size) });
    }
    return ranges.map(({ gpa, end }) => ({ gpa: hex(gpa), size: hex(end - gpa) }));
}

/** `andThen` adds tests about the same VM, whose dirty log was taken before. */
export function describeDirtyPages(words: readonly string[], andThen: (vmm: () => DemoVmm) => void = () => undefined): void {
    describe(`dirty pages: the demo VMM ${words.join(' ')}`, () => {
        const vmm = suiteVmm(words);
        const slot = () => vmm().memslot('dirty-logged');
        const mapOf = () => guestmemJson<PageMap>(['map', vmm().id]);

        it('are those that the guest wrote, and known only where KVM logs', async () => {
            const { runs, unknown } = await mapOf();
            const { touched, id } = slot();
            assert.ok(touched !== null);
            assert.deepEqual(dirtyRanges({ runs } as PageMap), [touched]);
            for (const run of runs) assert.equal(run.dirty === null, run.memslot !== id, run.gpa);
            const reasons = unknown.filter(({ field }) => field === 'dirty').map(({ reason }) => reason);
            assert.equal(reasons.length, 1);
            assert.match(reasons[0] ?? '', /KVM_MEM_LOG_DIRTY_PAGES/);
        });

        it('are the same in a window that begins and ends amid them', async () => {
            const start = startOf(slot().touched ?? slot()) + page;
            const { runs } = await guestmemJson<PageMap>(['map', vmm().id, '--range', `${hex(start)}+${hex(2n * page)}`]);
            assert.deepEqual(runs.map(({ gpa, size, dirty }) => [gpa, size, dirty]), [[hex(start), hex(2n * page), true]]);
        });

        it('stay dirty however often one looks: the VMM still gets them all', async () => {
            const before = dirtyRanges(await mapOf());
            assert.deepEqual(dirtyRanges(await mapOf()), before);
            assert.deepEqual(await vmm().takeDirtyLog(slot().id), before);
        });

        it('are clean once the VMM took the log, until the guest writes again', async () => {
            assert.deepEqual(dirtyRanges(await mapOf()), []);
            const pages = pagesOf(slot());
            // The first and the last page of the slot, which its words of the bitmap hold first and last, and one amid.
            const written = [0, 9, pages.length - 1].map((index) => pages[index] ?? 0n);
            for (const gpa of written) await vmm().write(gpa, 1);
            const map = await mapOf();
            assert.deepEqual(dirtyRanges(map), written.map((gpa) => ({ gpa: hex(gpa), size: hex(page) })));
            for (const gpa of pages) assert.equal(runAt(map, gpa).dirty, written.includes(gpa), hex(gpa));
            assert.deepEqual(await vmm().takeDirtyLog(slot().id), dirtyRanges(map));
        });

        it('have a column on a terminal', async () => {
            const { stdout } = await guestmem(['map', vmm().id]);
            assert.match(stdout.split('\n')[0] ?? '', /DIRTY/);
        });

        andThen(vmm);
    });
}
