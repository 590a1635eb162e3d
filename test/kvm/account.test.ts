import assert from 'node:assert/strict';
import type { MemoryAccount } from '../../src/common/memoryAccount';
import { bytesOf, describeAccount, memfdPages, rssTolerance, smapsSums } from '../support/accountSuite';
import { guestmemError, guestmemJson } from '../support/guestmem';
import { Qemu, qemuProgram } from '../support/qemu';
import { requireKvm, requireProgram, requireRoot } from '../support/requirements';
import { suiteVmm } from '../support/suiteVmm';

describeAccount('default');

describe('the account of QEMU, with its memory in a memfd', () => {
    const mebibytes = 48;
    let qemu: Qemu | undefined;
    /** Some pages of the file are not there: the kernel may drop those that nobody wrote to. */
    const inFile = () => memfdPages(qemu?.pid ?? 0, 'memory-backend-memfd') * 4096;

    async function account(share: 'on' | 'off', machine: string): Promise<MemoryAccount> {
        const backend = `memory-backend-memfd,id=ram,size=${mebibytes}M,share=${share},prealloc=on`;
        qemu = await Qemu.start(['-machine', `${machine},memory-backend=ram`, '-object', backend, '-m', `${mebibytes}M`, '-S']);
        const told = await guestmemJson<MemoryAccount>(['account', String(qemu.pid)]);
        const { rss, hugetlb } = smapsSums(qemu.pid);
        assert.ok(Math.abs(Number(told.kernel.rss) - rss) <= rssTolerance, `RSS ${told.kernel.rss ?? ''}, smaps ${rss}`);
        assert.equal(hugetlb, 0);
        assert.ok(Math.abs(told.notExplained?.bytes ?? assert.fail()) <= rssTolerance, JSON.stringify(told.notExplained));
        return told;
    }

    before(function () {
        requireKvm(this);
        requireRoot(this);
        requireProgram(this, qemuProgram);
    });
    afterEach(() => qemu?.stop());

    it('question 4: memory is doubled by MAP_PRIVATE over a memfd', async () => {
        const told = await account('off', 'pc');
        assert.equal(bytesOf(told, 'file-under-copy'), inFile());
        assert.ok(inFile() > (mebibytes * 2 ** 20) / 2, 'QEMU has written to all of its copy');
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

describe('requests for an account', () => {
    const vmm = suiteVmm(['--vms', '2']);

    it('name one VM', async () => {
        await guestmemError(['account', String(vmm().report.pid)], 2);
        await guestmemError(['account', `${vmm().report.pid}:9999`], 4);
        const told = await guestmemJson<MemoryAccount>(['account', vmm().id]);
        assert.equal(told.vm, vmm().id);
    });
});
