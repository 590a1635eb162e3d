/** What a user without privileges is shown and told; needs /dev/kvm, root (to become that user) and setpriv. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { DoctorReport, VmList } from '../../src/common/model';
import { neededCapabilities } from '../../src/agent/host/privilege';
import type { AddressFacts } from '../../src/common/explain/explanation';
import { asNobody, guestmem, guestmemError, guestmemJson } from '../support/guestmem';
import { requireRoot } from '../support/requirements';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';

describe('without privileges', () => {
    before(function () {
        requireRoot(this);
        const [setpriv = '', ...words] = asNobody;
        const looked = spawnSync(setpriv, [...words, 'test', '-r', 'dist/guestmem.js']);
        if (looked.status !== 0) skip(this, 'needs setpriv, and a checkout that the user nobody can read');
    });
    const rootsVmm = suiteVmm(['--name', 'of-root']);
    // In a mount namespace where everybody may open /dev/kvm.
    const openKvm = 'mount -t tmpfs none /mnt && mknod -m 666 /mnt/kvm c 10 232 && mount --bind /mnt/kvm /dev/kvm && exec "$@"';
    const ownVmm = suiteVmm(['--name', 'of-nobody', '--vcpus', '2'], {
        through: ['unshare', '--mount', 'sh', '-c', openKvm, 'sh', ...asNobody],
    });
    const nobody = { through: asNobody };

    it('lists the VMs of the same user with what /proc tells, and says why the rest is unknown', async () => {
        const { vms, unknown } = await guestmemJson<VmList>(['vms'], nobody);
        const { pid, vmFd } = ownVmm().report;
        const own = vms.find((vm) => vm.pid === pid);
        assert.deepEqual(own, {
            id: `${pid}:${vmFd}`,
            pid,
            fd: vmFd,
            command: 'guestmem-demo',
            name: 'of-nobody',
            vcpus: 2,
            memory: null,
            type: null,
            tracedBy: null,
            holders: [],
            heldBy: 'vm',
        });
        assert.equal(vms.some((vm) => vm.pid === rootsVmm().report.pid), false);
        assert.ok(unknown.some(({ reason }) => /cap_bpf/i.test(reason)), JSON.stringify(unknown));
        assert.ok(unknown.some(({ reason }) => /cap_sys_ptrace/i.test(reason)), JSON.stringify(unknown));
    });

    it('lists them for a terminal too', async () => {
        const outcome = await guestmem(['vms'], nobody);
        assert.equal(outcome.code, 0, outcome.stderr);
        assert.match(outcome.stdout, new RegExp(`\\b${ownVmm().report.pid}\\b.*of-nobody`));
        assert.match(outcome.stdout + outcome.stderr, /cap_bpf/i);
    });

    for (const words of [['show'], ['map'], ['read', '0x1000', '0x10'], ['convert', '0x1000+0x1000', 'private', '--yes']]) {
        const [verb = '', ...rest] = words;
        it(`refuses ${verb} with exit code 3, what is missing and what to do`, async () => {
            for (const vmm of [rootsVmm(), ownVmm()]) {
                const error = await guestmemError([verb, vmm.id, ...rest], 3, nobody);
                assert.equal(error.code, 'not-permitted');
                assert.match(error.message, /cap_|root/i);
                assert.match(error.message, /sudo/);
            }
        });
    }

    it('gets a doctor’s report that names what is missing', async () => {
        const { checks, ok } = await guestmemJson<DoctorReport>(['doctor'], nobody);
        assert.equal(ok, false);
        const capabilities = checks.find((check) => check.id === 'capabilities');
        assert.equal(capabilities?.ok, false);
        assert.match(capabilities.found, /cap_bpf/i);
        assert.match(capabilities.fix ?? '', /sudo|root/);
    });

    it('explains a VM of the same user with no more than the capabilities that are named as needed, and says what root alone can know', async () => {
        const capabilities = neededCapabilities.map(({ name }) => `+${name.replace('cap_', '')}`).join(',');
        const [setpriv = '', ...words] = asNobody.filter((word) => !word.startsWith('--inh-caps'));
        const through = [setpriv, `--inh-caps=-all,${capabilities}`, `--ambient-caps=-all,${capabilities}`, ...words];
        const slot = ownVmm().memslot('anonymous', 1);
        const facts = await guestmemJson<AddressFacts>(['explain', ownVmm().id, slot.gpa], { through });
        assert.equal(facts.memslot?.id, slot.id);
        const reasons = facts.unknown.filter(({ field }) => field === 'holders.folios').map(({ reason }) => reason);
        assert.deepEqual([facts.holders.folios, reasons.length], [[], 1], JSON.stringify(facts.unknown));
        assert.match(reasons.join(), /kpageflags/);
    });

    it('disturbs no VM', async () => {
        for (const vmm of [rootsVmm(), ownVmm()]) assert.equal((await vmm.read(0x200000n)).value, 0xf0);
    });
});

describe('with privileges', () => {
    before(function () {
        requireRoot(this);
    });

    it('the doctor finds everything that reading needs', async () => {
        const { checks } = await guestmemJson<DoctorReport>(['doctor']);
        const ids = checks.map((check) => check.id);
        for (const id of ['kvm', 'btf', 'bpf', 'capabilities', 'ptrace', 'lockdown']) assert.ok(ids.includes(id), `${id} in ${ids.join(', ')}`);
        for (const id of ['btf', 'bpf', 'capabilities']) assert.equal(checks.find((check) => check.id === id)?.ok, true, id);
    });
});
