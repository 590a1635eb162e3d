import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { MemoryAccount } from '../../src/common/memoryAccount';
import { bytesOf, describeAccount, memfdPages, rssTolerance, smapsSums } from '../support/accountSuite';
import { DemoVmm } from '../support/demoVmm';
import { guestmemError, guestmemJson } from '../support/guestmem';
import { Qemu, qemuProgram } from '../support/qemu';
import { requireKvm, requireProgram, requireRoot } from '../support/requirements';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';
import { whileStill } from '../support/whileStill';

describeAccount('default');

describe('the account of QEMU, with its memory in a memfd', () => {
    const mebibytes = 48;
    let qemu: Qemu | undefined;
    /** Some pages of the file are not there: the kernel may drop those that nobody wrote to. */
    const inFile = () => memfdPages(qemu?.pid ?? 0, 'memory-backend-memfd') * 4096;

    async function account(share: 'on' | 'off', machine: string): Promise<MemoryAccount> {
        const backend = `memory-backend-memfd,id=ram,size=${mebibytes}M,share=${share},prealloc=on`;
        qemu = await Qemu.start(['-machine', `${machine},memory-backend=ram`, '-object', backend, '-m', `${mebibytes}M`, '-S']);
        // QEMU's own memory may still grow while it starts.
        for (let tries = 1; ; tries++) {
            const told = await guestmemJson<MemoryAccount>(['account', String(qemu.pid)]);
            const { rss, hugetlb } = smapsSums(qemu.pid);
            assert.equal(hugetlb, 0);
            const isSteady = Math.abs(Number(told.kernel.rss) - rss) <= rssTolerance && Math.abs(told.notExplained?.bytes ?? Infinity) <= rssTolerance;
            if (isSteady) return told;
            assert.ok(tries < 10, `RSS ${told.kernel.rss ?? ''}, smaps ${rss}, ${JSON.stringify(told.notExplained)}`);
        }
    }

    before(function () {
        requireKvm(this);
        requireRoot(this);
        requireProgram(this, qemuProgram);
    });
    afterEach(() => qemu?.stop());

    it('question 4: memory is doubled by MAP_PRIVATE over a memfd', async () => {
        await account('off', 'pc');
        const [told, pages] = await whileStill(inFile, () => guestmemJson<MemoryAccount>(['account', String(qemu?.pid)]));
        assert.equal(bytesOf(told, 'file-under-copy'), pages);
        assert.ok(pages > 0, 'the file still holds pages that QEMU has copied');
        assert.ok(bytesOf(told, 'shared-resident') >= mebibytes * 2 ** 20);
        assert.ok(bytesOf(told, 'shared-resident') <= Number(told.guestMemory), 'and each is counted once');
    });

    it('and not by MAP_SHARED', async () => {
        const told = await account('on', 'pc');
        assert.equal(bytesOf(told, 'file-under-copy'), 0);
        assert.ok(bytesOf(told, 'shared-resident') >= mebibytes * 2 ** 20);
        assert.ok(bytesOf(told, 'shared-resident') <= Number(told.guestMemory));
    });
});

describe('the account of memory in hugetlb pages', () => {
    const reserved = '/proc/sys/vm/nr_hugepages';
    let reservedBefore: string | undefined;
    let vmm: DemoVmm | undefined;

    before('start a VMM with huge pages, where the machine gives some', async function () {
        requireKvm(this);
        requireRoot(this);
        reservedBefore = readFileSync(reserved, 'utf8');
        writeFileSync(reserved, String(Number(reservedBefore) + 2));
        if (Number(readFileSync(reserved, 'utf8')) < Number(reservedBefore) + 2) skip(this, `this machine gives no huge pages through ${reserved}`);
        vmm = await DemoVmm.start(['--memory', '4M', '--hugetlb', '2M', '--populate']);
    });
    after(async () => {
        await vmm?.stop();
        if (reservedBefore !== undefined) writeFileSync(reserved, reservedBefore);
    });

    it('counts them, which RSS leaves out', async () => {
        const pid = vmm?.report.pid ?? assert.fail();
        const told = await guestmemJson<MemoryAccount>(['account', String(pid)]);
        assert.equal(smapsSums(pid).hugetlb, 4 << 20);
        assert.equal(told.kernel.steps.find(({ step }) => step === 'hugetlb')?.bytes, 4 << 20);
        assert.ok(bytesOf(told, 'shared-resident') >= 4 << 20);
        assert.ok(Number(told.kernel.rss) < 4 << 20);
        assert.ok(Math.abs(told.notExplained?.bytes ?? assert.fail()) <= rssTolerance, JSON.stringify(told.notExplained));
    });
});

describe('requests for an account', () => {
    const vmm = suiteVmm(['--vms', '2']);

    it('name one VM', async () => {
        await guestmemError(['account', String(vmm().report.pid)], 2);
        await guestmemError(['account', `${vmm().report.pid}:9999`], 4);
        const told = await guestmemJson<MemoryAccount>(['account', vmm().id]);
        assert.equal(told.vm, vmm().id);
    });
});
