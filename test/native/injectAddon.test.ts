/** The change to a VM as the agent asks the addon for it; needs root (the VM's identity is read through BPF) and KVM. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VmIdentity, VmmProcess } from '../../native/index';
import { requireKvm, requireProgram, requireRoot } from '../support/requirements';
import { addon } from './addon';
import { buildPrograms, DifficultTarget, Victim, type TargetKind } from '../support/injection';

/** The VM of a process: the process, the VM's file descriptor and its identity. */
type WithVm = (vmm: VmmProcess, vmFd: number, vm: VmIdentity) => void | Promise<void>;

describe('setting memory attributes through the addon', function () {
    this.timeout(60_000);

    before(async function () {
        requireRoot(this);
        requireKvm(this);
        await buildPrograms();
    });

    async function withVmOf(pid: number, body: WithVm): Promise<void> {
        const vmm = new addon.VmmProcess(pid);
        try {
            const file = vmm.kvmFiles().find((candidate) => candidate.kind === 'vm');
            assert.ok(file, `process ${pid} has no VM`);
            await body(vmm, file.fd, file.vm);
        } finally {
            vmm.close();
        }
    }

    async function withTarget(kind: TargetKind, body: WithVm): Promise<void> {
        const target = await DifficultTarget.start(kind);
        try {
            await withVmOf(target.pid, body);
        } finally {
            await target.kill();
        }
    }

    it('is executed in the VMM, which notices nothing, and gives back what KVM said', async () => {
        const victim = await Victim.start();
        try {
            await withVmOf(victim.pid, (vmm, vmFd, vm) => {
                assert.equal(vmFd, victim.vmFd);
                assert.equal(vmm.checkInjection(vmFd, vm, 0), null);
                for (let round = 0; round < 100; round++) {
                    const outcome = vmm.setMemoryAttributes(vmFd, vm, 0n, 0x1000n, 8);
                    assert.ok(outcome.kind === 'done', JSON.stringify(outcome));
                    // A VM of the default type has no private memory.
                    assert.match(String(outcome.error), /^(ENOTTY|EINVAL)$/);
                    assert.ok(outcome.stoppedMicroseconds > 0);
                }
            });
            await victim.checkUnharmed();
        } finally {
            await victim.kill();
        }
    });

    it('is refused when the file descriptor names another VM, or none', () =>
        withTarget('vcpu-outside', (vmm, vmFd, vm) => {
            for (const [fd, identity] of [[vmFd, vm + 1000], [0, vm]] as const) {
                const outcome = vmm.setMemoryAttributes(fd, identity, 0n, 0x1000n, 0);
                assert.ok(outcome.kind === 'refused', JSON.stringify(outcome));
                assert.equal(outcome.reason, 'vm-changed');
            }
        }));

    it('takes no piece that is empty, unaligned, larger than 16 MiB or past the end of the address space', () =>
        withTarget('vcpu-outside', (vmm, vmFd, vm) => {
            const pieces = [
                [0n, 0n],
                [0x800n, 0x1000n],
                [0n, 0x1800n],
                [0n, 0x1001000n],
                [0xfffffffffffff000n, 0x2000n],
            ] as const;
            for (const [gpa, size] of pieces)
                assert.throws(() => vmm.setMemoryAttributes(vmFd, vm, gpa, size, 8), { code: 'EINVAL' });
        }));

    it('uses a vCPU thread outside KVM_RUN when there is no other', () =>
        withTarget('vcpu-outside', (vmm, vmFd, vm) => {
            const outcome = vmm.setMemoryAttributes(vmFd, vm, 0n, 0x1000n, 8);
            assert.ok(outcome.kind === 'done', JSON.stringify(outcome));
            assert.equal(outcome.tid, vmm.pid);
        }));

    it('is refused while every thread is in KVM_RUN', () =>
        withTarget('halted-vcpu', async (vmm, vmFd, vm) => {
            while (!/^16 0x[0-9a-f]+ 0xae80 /.test(readFileSync(`/proc/${vmm.pid}/syscall`, 'utf8'))) await sleep(5);
            for (const outcome of [vmm.checkInjection(vmFd, vm, 0), vmm.setMemoryAttributes(vmFd, vm, 0n, 0x1000n, 8)]) {
                assert.ok(outcome?.kind === 'refused', JSON.stringify(outcome));
                assert.equal(outcome.reason, 'no-thread');
                assert.match(outcome.detail, /: 1 in KVM_RUN$/);
            }
        }));

    it('is refused while a debugger is attached, and names it', async function () {
        requireProgram(this, 'gdb');
        await withTarget('vcpu-outside', async (vmm, vmFd, vm) => {
            // It holds the process until its stdin ends.
            const gdb = spawn('gdb', ['-nx', '-q', '-p', String(vmm.pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
            const exit = once(gdb, 'exit');
            const tracer = new RegExp(`^TracerPid:\\t${gdb.pid ?? 0}$`, 'm');
            while (!tracer.test(readFileSync(`/proc/${vmm.pid}/status`, 'utf8'))) await sleep(20);
            for (const outcome of [vmm.checkInjection(vmFd, vm, 0), vmm.setMemoryAttributes(vmFd, vm, 0n, 0x1000n, 8)]) {
                assert.ok(outcome?.kind === 'refused', JSON.stringify(outcome));
                assert.equal(outcome.reason, 'traced');
                assert.equal(outcome.tracer, gdb.pid);
            }
            gdb.kill('SIGKILL');
            await exit;
        });
    });

    it('is refused once the process has exited', async () => {
        const target = await DifficultTarget.start('vcpu-outside');
        await withVmOf(target.pid, async (vmm, vmFd, vm) => {
            await target.kill();
            assert.equal(vmm.alive, false);
            assert.throws(() => vmm.setMemoryAttributes(vmFd, vm, 0n, 0x1000n, 8), { code: 'ESRCH' });
        });
    });
});
