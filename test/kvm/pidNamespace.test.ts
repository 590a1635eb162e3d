/** A VM in a pid namespace of its own, seen from inside and from outside; needs /dev/kvm, root and unshare. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import type { MemoryRead, VmDetails, VmList } from '../../src/common/model';
import { guestmemError, guestmemJson } from '../support/guestmem';
import { hex } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

describe('a VM in a pid namespace', () => {
    // The shell is process 1 there, so that the VMM is not.
    const vmm = suiteVmm(['--name', 'inner', '--slots', '5'], {
        through: ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', '"$@"; exit $?', 'sh'],
    });
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

    it('is refused, not overlooked, where /proc shows another namespace', async () => {
        const through = ['nsenter', '--pid', `--target=${outerPid()}`, `--wd=${process.cwd()}`, '--'];
        for (const words of [['vms'], ['show', '1']]) {
            assert.match((await guestmemError(words, 1, { through })).message, /another pid namespace/);
        }
    });
});
