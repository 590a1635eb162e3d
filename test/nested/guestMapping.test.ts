/** How KVM maps each page for the guest (NPT), against what the guest did and what KVM itself counts. */
import assert from 'node:assert/strict';
import type { AddressFacts } from '../../src/common/explain/explanation';
import type { PageMap, PageRun } from '../../src/common/model';
import type { DemoVmm } from '../support/demoVmm';
import { guestmem, guestmemJson } from '../support/guestmem';
import { assertCounts } from '../support/guestMappings';
import { contains, hex, page, pagesOf, runAt, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

const mapOf = (vmm: DemoVmm, ...words: string[]) => guestmemJson<PageMap>(['map', vmm.id, ...words]);
const unmapped = ['none', false];

/** Size of the page, and whether the guest may write to it. */
const mappingOf = ({ guestMapping }: PageRun) => guestMapping && [guestMapping.level, guestMapping.writable];

for (const type of ['default', 'sw-protected'] as const) {
    describe(`guest mapping: a VM of type ${type}`, () => {
        const vmm = suiteVmm(['--type', type]);
        before('stop the guest’s own conversions', () => vmm().setPaused(true));

        it('has the pages that the guest used, and no other', async () => {
            const map = await mapOf(vmm());
            for (const slot of vmm().report.memslots) {
                for (const gpa of pagesOf(slot)) {
                    // The guest of a sw-protected VM goes on using the memory that it converts.
                    if (contains(vmm().report.sweep, gpa)) continue;
                    const used = ['4K', slot.kind !== 'read-only'];
                    const expected = contains(slot.touched, gpa) ? used : unmapped;
                    assert.deepEqual(mappingOf(runAt(map, gpa)), expected, `memslot ${slot.id} (${slot.kind}), GPA ${hex(gpa)}`);
                }
            }
            assert.ok(!map.unknown.some(({ field }) => field === 'guestMapping'));
        });

        it('has as many pages as KVM counts', async () => assertCounts(vmm(), (await mapOf(vmm())).runs));

        it('has a page as soon as the guest uses it', async () => {
            const slot = vmm().memslot('anonymous');
            const gpa = startOf(slot) + BigInt(slot.size) - page;
            assert.deepEqual(mappingOf(runAt(await mapOf(vmm()), gpa)), unmapped);
            await vmm().write(gpa, 1);
            const { run } = await guestmemJson<AddressFacts>(['explain', vmm().id, hex(gpa)]);
            assert.deepEqual([run.gpa, mappingOf(run)], [hex(gpa), ['4K', true]]);
        });

        it('has nothing in the second address space, where no vCPU ever was', async () => {
            const map = await mapOf(vmm(), '--address-space', '1');
            assert.ok(!map.unknown.some(({ field }) => field === 'guestMapping'));
        });

        it('has a column on a terminal', async () => {
            const { stdout } = await guestmem(['map', vmm().id]);
            assert.match(stdout, /GUEST MAP/);
            assert.match(stdout, /4K r-x/);
        });
    });
}

describe('guest mapping: a private page', () => {
    const vmm = suiteVmm(['--type', 'sw-protected']);
    before('stop the guest’s own conversions', () => vmm().setPaused(true));

    it('is gone after a conversion, and there again once the guest uses it', async () => {
        const gpa = startOf(vmm().memslot('guest_memfd', 1)) + 8n * page;
        const mapping = async () => mappingOf(runAt(await mapOf(vmm()), gpa));
        await vmm().write(gpa, 1);
        assert.deepEqual(await mapping(), ['4K', true]);
        await vmm().setAttribute(gpa, page, 'private');
        assert.deepEqual(await mapping(), unmapped);
        await vmm().write(gpa, 1);
        assert.deepEqual(await mapping(), ['4K', true]);
        assertCounts(vmm(), (await mapOf(vmm())).runs);
    });
});

describe('guest mapping: huge pages', () => {
    const vmm = suiteVmm(['--memory', '64M', '--populate']);
    const large = () => vmm().report.memslots.find(({ size }) => size === '0x4000000') ?? assert.fail('no slot of 64 MiB');
    const hugePage = 0x20_0000n;

    it('are mapped whole at the first use', async () => {
        const used = [1n, 2n, 5n, 31n].map((index) => startOf(large()) + index * hugePage);
        for (const gpa of used) await vmm().write(gpa + 0x5000n, 1);
        const map = await mapOf(vmm());
        for (const gpa of used) {
            for (const inside of [gpa, gpa + 0x5000n, gpa + hugePage - page]) {
                assert.deepEqual(mappingOf(runAt(map, inside)), ['2M', true], hex(inside));
            }
        }
        assert.deepEqual(mappingOf(runAt(map, startOf(large()) + 8n * hugePage)), unmapped);
        assertCounts(vmm(), map.runs);
    });

    it('are the same in a window that begins amid one', async () => {
        const gpa = startOf(large()) + 2n * hugePage + 0x7000n;
        const { runs } = await mapOf(vmm(), '--range', `${hex(gpa)}+${hex(hugePage)}`);
        assert.deepEqual(runs.map(({ guestMapping }) => guestMapping?.level), ['2M', 'none']);
        assert.equal(runs[0]?.gpa, hex(gpa));
        assert.equal(runs[1]?.gpa, hex(startOf(large()) + 3n * hugePage));
    });
});
