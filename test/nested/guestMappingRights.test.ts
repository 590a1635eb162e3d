/** What an entry of KVM's tables permits besides writing, and what the processor noted in it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { toHex } from '../../src/common/address';
import type { GuestMapping, PageRun } from '../../src/common/model';
import { guestmem } from '../support/guestmem';
import { mappingAgent } from '../support/guestMappings';
import { hex, page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

const mapped = (mapping: GuestMapping | null) =>
    mapping === null || mapping.level === 'none' ? assert.fail('nothing is mapped') : mapping;

describe('guest mapping: what the processor noted', () => {
    const vmm = suiteVmm();
    const { explain, pageAt, runs } = mappingAgent();
    /** Pages of a slot that the guest has not used: each test takes others. */
    const unused = (index: bigint) => startOf(vmm().memslot('memfd')) + (16n + index) * page;
    const noted = async (gpa: bigint) => {
        const { accessed, dirty } = mapped((await pageAt(vmm(), gpa, true)).guestMapping);
        return { accessed, dirty };
    };

    it('is an access when the guest read, and a write once it wrote', async () => {
        const gpa = startOf(vmm().report.memslots.at(-1) ?? assert.fail('no memslot')) + 16n * page;
        await vmm().read(gpa);
        assert.deepEqual(await noted(gpa), { accessed: true, dirty: false });
        await vmm().write(gpa, 1);
        assert.deepEqual(await noted(gpa), { accessed: true, dirty: true });
    });

    it('is no access where KVM mapped the page before its use', async () => {
        await vmm().preFault(unused(0n), page);
        assert.equal((await noted(unused(0n))).accessed, false);
        await vmm().read(unused(0n));
        assert.equal((await noted(unused(0n))).accessed, true);
    });

    it('is told only to those who ask, for it cuts runs', async () => {
        const [used, waiting] = [unused(2n), unused(3n)];
        await vmm().preFault(used, 2n * page);
        await vmm().read(used);
        const range = { gpa: toHex(used), size: toHex(2n * page) };
        const told = (some: readonly PageRun[]) => some.map(({ gpa, guestMapping }) => [gpa, mapped(guestMapping).accessed]);
        assert.deepEqual(told(await runs(vmm(), { range, accessed: true })), [[hex(used), true], [hex(waiting), false]]);
        assert.deepEqual(told(await runs(vmm(), { range })), [[hex(used), null]]);
        const { run } = await explain(vmm(), waiting);
        assert.deepEqual(told([run]), [[hex(waiting), false]]);
        const { stdout } = await guestmem(['map', vmm().id, '--range', `${range.gpa}+${range.size}`, '--accessed']);
        assert.match(stdout, / accessed, .*\n.*not accessed, /);
    });
});

describe('guest mapping: the right to execute', () => {
    const parameter = '/sys/module/kvm/parameters/nx_huge_pages';
    const { pageAt } = mappingAgent();
    const before_ = readFileSync(parameter, 'utf8').trim();
    const large = ['--memory', '16M', '--populate'];
    const executable = async (vmm: ReturnType<ReturnType<typeof suiteVmm>>, gpa: bigint) => {
        await vmm.write(gpa, 1);
        const { level, executable } = mapped((await pageAt(vmm, gpa)).guestMapping);
        return [level, executable];
    };

    describe('while KVM lets no guest execute large pages', () => {
        before('forbid it', () => writeFileSync(parameter, 'force'));
        after('permit it', () => writeFileSync(parameter, before_ === 'Y' ? 'force' : 'off'));
        const vmm = suiteVmm(large);
        it('is missing from these and no others', async () => {
            assert.deepEqual(await executable(vmm(), 0x1_0040_0000n), ['2M', false]);
            assert.deepEqual(await executable(vmm(), startOf(vmm().memslot('memfd'))), ['4K', true]);
        });

        it('is why a page is not larger once the guest executes it', async () => {
            const gpa = 0x1_0060_0000n;
            assert.deepEqual(await executable(vmm(), gpa), ['2M', false]);
            await vmm().execute(gpa);
            const { guestMapping, whyNotLarger } = await pageAt(vmm(), gpa);
            assert.deepEqual([guestMapping?.level, whyNotLarger], ['4K', ['nx-huge-pages']]);
        });
    });

    describe('usually', () => {
        const vmm = suiteVmm(large);
        it('is there, and stays there when the guest makes use of it', async () => {
            const gpa = 0x1_0040_0000n;
            assert.deepEqual(await executable(vmm(), gpa), ['2M', true]);
            await vmm().execute(gpa);
            assert.deepEqual(await executable(vmm(), gpa), ['2M', true]);
        });
    });
});
