/** Reading keeps nothing alive and outlives nothing: a VM ends with its VMM, and says so. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VmmProcess } from '../../native/index';
import { DemoVmm } from '../support/demoVmm';
import { requireKvm, requireRoot } from '../support/requirements';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';
import { addon, codeOf, nativeCode } from './addon';

/** The VMs that the kernel has, whoever holds them: KVM keeps a debugfs folder for each until it is destroyed. */
function existingVms(): string[] {
    // Mounted where only this command sees it, unless it is mounted already.
    const folder = '/sys/kernel/debug/kvm';
    const script = `[ -d ${folder} ] || mount -t debugfs none /sys/kernel/debug; ls ${folder}`;
    return execFileSync('unshare', ['--mount', 'sh', '-c', script], { encoding: 'utf8' }).split('\n');
}

const readers: Record<string, (process: VmmProcess, vmm: DemoVmm) => unknown> = {
    kvmFiles: (process) => process.kvmFiles(),
    readVm: (process, { report }) => process.readVm(report.vmFd),
    readAttributes: (process, { report }) => process.readAttributes(report.vmFd, 0, 1 << 20),
    readGuestMemfd: (process, { report }) => process.readGuestMemfd(report.guestMemfds[0]?.fd ?? 0),
    readGuestMemfdPages: (process, { report }) => process.readGuestMemfdPages(report.guestMemfds[0]?.fd ?? 0, 0, 1000),
    readMappedFilePages: (process, vmm) => process.readMappedFilePages(BigInt(vmm.memslot('memfd').hva), 0, 1000),
    scanPagemap: (process, vmm) => process.scanPagemap(BigInt(vmm.memslot('memfd').hva), BigInt(vmm.memslot('memfd').hva) + 4096n),
    readMemory: (process, vmm) => process.readMemory(BigInt(vmm.memslot('read-only').hva), Buffer.alloc(64)),
    readMappedFile: (process, vmm) => process.readMappedFile(BigInt(vmm.memslot('memfd').hva), Buffer.alloc(64)),
    readGuestMemfdBytes: (process, { report }) =>
        process.readGuestMemfdBytes(report.guestMemfds[0]?.fd ?? 0, 0n, Buffer.alloc(64)),
};

describe('a VMM that is killed', () => {
    const suite = suiteVmm();
    let vmm: DemoVmm;
    let process_: VmmProcess;

    before(function () {
        if (!existsSync('/sys/kernel/debug')) skip(this, 'needs debugfs, to see which VMs the kernel still has');
        vmm = suite();
        process_ = new addon.VmmProcess(vmm.report.pid);
    });

    it('is read while it lives', () => {
        assert.equal(process_.alive, true);
        for (const read of Object.values(readers)) read(process_, vmm);
    });

    it('takes its VM with it, although a VmmProcess is open', async () => {
        const folder = `${vmm.report.pid}-${vmm.report.vmFd}`;
        assert.ok(existingVms().includes(folder), `debugfs has no ${folder} although the VMM lives`);
        vmm.kill();
        for (let waited = 0; existingVms().includes(folder); waited += 50) {
            assert.ok(waited < 10_000, `the VM ${folder} still exists ten seconds after its VMM was killed`);
            await sleep(50);
        }
    });

    it('is told as such by every reader', async () => {
        for (let waited = 0; vmm.running && waited < 10_000; waited += 20) await sleep(20);
        assert.equal(process_.alive, false);
        for (const [name, read] of Object.entries(readers)) assert.equal(nativeCode(() => read(process_, vmm)), 'ESRCH', name);
        process_.close();
    });
});

describe('a VMM that is killed while it is read', () => {
    it('ends in a result or in ESRCH, never in anything else', async function () {
        requireRoot(this);
        requireKvm(this);
        for (let round = 0; round < 8; round++) {
            const vmm = await DemoVmm.start(['--slots', '50']);
            const process_ = new addon.VmmProcess(vmm.report.pid);
            const readAll = () => Object.values(readers).forEach((read) => read(process_, vmm));
            readAll();
            // Killed from outside this thread, so that it happens between and in the middle of calls.
            execFileSync('sh', ['-c', `(sleep 0.0${round + 1}; kill -KILL ${vmm.report.pid}) >/dev/null 2>&1 &`]);
            let outcome = 'read';
            while (process_.alive && outcome === 'read') {
                try {
                    readAll();
                } catch (thrown) {
                    outcome = codeOf(thrown);
                }
            }
            assert.ok(['read', 'ESRCH'].includes(outcome), outcome);
            process_.close();
            await vmm.stop();
        }
    });
});
