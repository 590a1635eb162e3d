/** `guestmem vms` against demo VMMs; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VmDetails, VmList, VmSummary } from '../../src/common/model';
import { DemoVmm } from '../support/demoVmm';
import { guestmem, guestmemError, guestmemJson } from '../support/guestmem';
import { hex } from '../support/pages';
import { requireProgram } from '../support/requirements';
import { suiteVmm } from '../support/suiteVmm';

async function vmsOf(pid: number): Promise<VmSummary[]> {
    return (await guestmemJson<VmList>(['vms'])).vms.filter((vm) => vm.pid === pid);
}

describe('vms: a VM', () => {
    const vmm = suiteVmm(['--name', 'first', '--vcpus', '3', '--slots', '20']);

    it('is listed with what the VMM made', async () => {
        const { pid, vmFd, memslots } = vmm().report;
        assert.deepEqual(await vmsOf(pid), [
            {
                id: `${pid}:${vmFd}`,
                pid,
                fd: vmFd,
                command: 'guestmem-demo',
                name: 'first',
                vcpus: 3,
                memory: hex(memslots.reduce((sum, slot) => sum + BigInt(slot.size), 0n)),
                type: 'default',
                tracedBy: null,
                holders: [],
                heldBy: 'vm',
            },
        ]);
    });

    it('is also listed for a terminal', async () => {
        const outcome = await guestmem(['vms']);
        assert.equal(outcome.code, 0);
        assert.match(outcome.stdout, new RegExp(`\\b${vmm().id}\\b.*\\bfirst\\b`));
    });

    it('is named with its tracer and can be read while a debugger holds it', async function () {
        requireProgram(this, 'gdb');
        const { pid } = vmm().report;
        const debuggerProcess = spawn('gdb', ['-p', String(pid), '-nx', '-batch', '-ex', 'shell sleep 60'], { stdio: 'ignore' });
        try {
            while (!/^TracerPid:\t[1-9]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await sleep(50);
            assert.equal((await vmsOf(pid))[0]?.tracedBy, debuggerProcess.pid);
            const details = await guestmemJson<VmDetails>(['show', String(pid)]);
            assert.equal(details.addressSpaces[0]?.memslots.filter((slot) => !slot.internal).length, vmm().report.memslots.length);
            await guestmemJson(['map', String(pid)]);
            await guestmemJson(['read', String(pid), '0x5000', '0x10']);
        } finally {
            const exited = once(debuggerProcess, 'exit');
            debuggerProcess.kill('SIGKILL');
            await exited;
        }
        assert.equal((await vmm().read(0x200000n)).value, 0xf0, 'the VM goes on after the debugger ended');
    });
});

describe('vms: several VMs in one process, held by another one too', () => {
    const vmm = suiteVmm(['--vms', '3', '--fork']);

    it('are listed once each, under the process whose memory they use', async () => {
        const { pid, vmFd, otherVmFds, holder } = vmm().report;
        const listed = await vmsOf(pid);
        assert.deepEqual(
            listed.map((vm) => vm.fd),
            [vmFd, ...otherVmFds],
        );
        for (const vm of listed) assert.deepEqual(vm.holders, [{ pid: holder, fd: vm.fd }]);
        assert.deepEqual(await vmsOf(holder ?? 0), []);
        const bare = listed.find((vm) => vm.fd === otherVmFds[0]);
        assert.equal(bare?.vcpus, 0);
        assert.equal(bare.memory, '0x0');
    });

    it('are told apart by their fd; the bare pid is refused with their ids', async () => {
        const { pid, vmFd, otherVmFds, memslots } = vmm().report;
        const error = await guestmemError(['show', String(pid)], 2);
        for (const fd of [vmFd, ...otherVmFds]) assert.match(error.message, new RegExp(`\\b${pid}:${fd}\\b`));
        const first = await guestmemJson<VmDetails>(['show', `${pid}:${vmFd}`]);
        assert.equal(first.addressSpaces[0]?.memslots.filter((slot) => !slot.internal).length, memslots.length);
        const bare = await guestmemJson<VmDetails>(['show', `${pid}:${otherVmFds[0] ?? -1}`]);
        assert.deepEqual(bare.addressSpaces[0]?.memslots.filter((slot) => !slot.internal), []);
    });
});

describe('vms: processes that come and go', () => {
    suiteVmm();

    it('are no error', async () => {
        for (let round = 0; round < 6; round++) {
            const passing = await DemoVmm.start(['--slots', '500']);
            const list = guestmem(['vms', '--json']);
            await sleep(round * 25);
            passing.kill();
            const outcome = await list;
            assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
            await passing.stop();
        }
    });
});
