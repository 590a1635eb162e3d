/** A VM in a pid namespace of its own, seen from inside and from outside; needs /dev/kvm, root and unshare. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import type { AnyChangeReport } from '../../src/common/change';
import type { MemoryRead, VmDetails, VmList } from '../../src/common/model';
import { suiteChangeLog } from '../support/changeLog';
import { guestmemError, guestmemJson } from '../support/guestmem';
import { hex } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

describe('a VM in a pid namespace', () => {
    // The shell is process 1 there, so that the VMM is not.
    const vmm = suiteVmm(['--name', 'inner', '--slots', '5'], {
        through: ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', '"$@"; exit $?', 'sh'],
    });
    const log = suiteChangeLog();
    /** The VMM's pid out here: the grandchild of what was started. */
    const outerPid = () => {
        const childOf = (pid: number) => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
        return childOf(childOf(vmm().startedPid));
    };
    /** The ids of the vCPU threads: of each, one for every pid namespace, ours first. */
    const vcpuThreads = () =>
        readdirSync(`/proc/${outerPid()}/task`)
            .map((tid) => readFileSync(`/proc/${outerPid()}/task/${tid}/status`, 'utf8'))
            .filter((status) => /^Name:\tvcpu$/m.test(status))
            .map((status) => /^NSpid:\t(.*)$/m.exec(status)?.[1]?.split('\t').map(Number) ?? []);
    const inside = () => ({ through: ['nsenter', '--pid', '--mount', `--target=${outerPid()}`, `--wd=${process.cwd()}`, '--'] });

    async function expectVm(pid: number, options: { through?: string[] }): Promise<void> {
        const id = `${pid}:${vmm().report.vmFd}`;
        const { vms } = await guestmemJson<VmList>(['vms'], options);
        assert.equal(vms.find((vm) => vm.id === id)?.name, 'inner', `vms lists ${id}`);
        const details = await guestmemJson<VmDetails>(['show', id], options);
        const shown = details.addressSpaces[0]?.memslots.filter((slot) => !slot.internal).map((slot) => slot.gpa);
        assert.deepEqual(shown?.sort(), vmm().report.memslots.map((slot) => slot.gpa).sort());
        const threads = vcpuThreads().map((ids) => (pid === outerPid() ? ids.at(0) : ids.at(-1)));
        assert.deepEqual(details.vcpus.map((vcpu) => vcpu.tid), threads);
        assert.equal(details.guestMemfds.length, vmm().report.guestMemfds.length);
        const mapped = details.guestMemfds.flatMap(({ hostMappings }) => hostMappings ?? assert.fail('its mappings are not known'));
        assert.equal(mapped.length > 0, vmm().report.guestMemfds.some(({ flags }) => flags.includes('mmap')));
        for (const place of [...details.guestMemfds.flatMap(({ holders }) => holders), ...mapped]) assert.equal(place.pid, pid);
        await vmm().write(0x300000n, 0x42);
        const read = await guestmemJson<MemoryRead>(['read', id, hex(0x300000n), '1'], options);
        assert.equal(Buffer.from(read.bytes, 'base64')[0], 0x42);
    }

    it('is seen from inside under its pid there', async () => {
        assert.notEqual(vmm().report.pid, outerPid());
        await expectVm(vmm().report.pid, inside());
    });

    it('hides all other VMs from inside', async () => {
        const { vms } = await guestmemJson<VmList>(['vms'], inside());
        assert.deepEqual(vms.map((vm) => vm.pid), [vmm().report.pid]);
    });

    it('is seen from outside under its pid out here', async () => {
        await expectVm(outerPid(), {});
    });

    it('is changed from both sides', async () => {
        const memslot = String(vmm().memslot('memfd').id);
        for (const [id, options] of [[`${outerPid()}:${vmm().report.vmFd}`, { through: [] }], [vmm().id, inside()]] as const) {
            const through = [...(log().through ?? []), ...options.through];
            const change = async (on: string) => (await guestmemJson<AnyChangeReport>(['log-dirty-pages', id, memslot, on, '--yes'], { through })).pagesChanged;
            assert.ok((await change('on')) > 0);
            assert.equal(await change('on'), 0);
            assert.ok((await change('off')) > 0);
        }
        await vmm().write(0x300000n, 0x43);
        assert.equal((await vmm().read(0x300000n)).value, 0x43, 'it goes on');
    });

    it('is refused, not overlooked, where /proc shows another namespace', async () => {
        const through = ['nsenter', '--pid', `--target=${outerPid()}`, `--wd=${process.cwd()}`, '--'];
        for (const words of [['vms'], ['show', '1'], ['log-dirty-pages', vmm().id, '1', 'on', '--yes']]) {
            assert.match((await guestmemError(words, 1, { through })).message, /another pid namespace/);
        }
    });
});
