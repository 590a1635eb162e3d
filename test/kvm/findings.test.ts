/** Findings on real VMs without private memory: each is made, found with its bytes and places, and gone once that is undone. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { memfdCache } from '../support/accountSuite';
import { writeAtHva } from '../support/doubleBacked';
import { DemoVmm } from '../support/demoVmm';
import { findingsLike, findingsOf, written } from '../support/findings';
import { guestmem } from '../support/guestmem';
import { HeldVm, requireHeldVm } from '../support/heldVm';
import { fileOffsetAt, ownPages, presentPages } from '../support/pagemap';
import { hex, page, startOf } from '../support/pages';
import { Qemu, qemuProgram, type TracedMemslot } from '../support/qemu';
import { firmwareAtRest } from '../support/qemuSuite';
import { requireKvm, requireProgram, requireRoot } from '../support/requirements';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { whileStill } from '../support/whileStill';

describe('findings: guest_memfds that are open, unbound, leaked, and keep their VM', () => {
    let vm: HeldVm;
    const id = () => `${vm.report.pid}:${vm.report.vm}`;
    before(function () {
        requireHeldVm(this);
    });
    beforeEach(async () => (vm = await HeldVm.start(64)));
    afterEach(() => vm.end());

    it('finds nothing where all that is allocated is bound', async () => {
        await vm.tell('allocate 4 4');
        const { findings, unknown } = await findingsOf(id());
        assert.deepEqual(findings, []);
        assert.ok(unknown.every(({ field }) => field === 'guestMapping'), JSON.stringify(unknown));
        assert.match((await guestmem(['findings', id()])).stdout, /^Nothing found\.\n/);
    });

    it('finds pages where no memslot is bound, the most of them first, until they are punched', async () => {
        await vm.tell('allocate 2 4');
        await vm.tell('allocate 20 5');
        const inode = statSync(`/proc/${vm.report.pid}/fd/${vm.report.gmem}`).ino;
        const [finding, ...others] = (await findingsOf(id())).findings;
        assert.equal(finding?.kind, 'unbound-guest-memfd');
        assert.deepEqual(others, []);
        assert.equal(finding.bytes, 7 * 4096);
        assert.deepEqual(finding.guestMemfd, {
            inode,
            ranges: [{ offset: '0x14000', size: '0x5000' }, { offset: '0x2000', size: '0x2000' }],
        });
        assert.match(finding.action.text, new RegExp(`fd ${vm.report.gmem}: .*offset 0x14000, 0x5000 bytes`));
        await vm.tell('punch 20 5');
        assert.equal((await findingsLike(id(), 'unbound-guest-memfd'))[0]?.bytes, 2 * 4096);
        await vm.tell('punch 2 2');
        assert.deepEqual((await findingsOf(id())).findings, []);
    });

    it('finds a leaked guest_memfd and names all that keep it, until the last of them is gone', async () => {
        await vm.tell('allocate 4 2');
        const { fd } = await vm.tell('pass gmem');
        await vm.tell('unbind');
        const { pid, receiver, gmem } = vm.report;
        const [finding, ...others] = (await findingsOf(id())).findings;
        assert.deepEqual([finding?.kind, finding?.severity, finding?.bytes, others], ['leaked-guest-memfd', 'error', 2 * 4096, []]);
        assert.match(finding?.action.text ?? '', new RegExp(`fd ${gmem} of process ${pid}, fd ${fd} of process ${receiver}\\.`));
        await vm.tell('punch 4 2');
        assert.deepEqual((await findingsOf(id())).findings, []);
    });

    it('says why a VM outlives its VM fd, by a vCPU, a guest_memfd or a mapping', async () => {
        const { pid, vcpu, gmem } = vm.report;
        await vm.tell('allocate 4 1');
        await vm.tell('close vm');
        const byVcpu = await findingsOf(`${pid}:${vcpu}`);
        assert.deepEqual(byVcpu.findings.map(({ kind, severity }) => [kind, severity]), [['vm-without-descriptor', 'information']]);
        assert.ok(byVcpu.findings[0]?.action.text.includes(`the vCPU fd ${vcpu} of process ${pid}`));
        await vm.tell('close vcpu');
        const byGuestMemfd = await findingsOf(`${pid}:${gmem}`);
        assert.deepEqual(byGuestMemfd.findings.map(({ kind, severity }) => [kind, severity]).sort(), [['leaked-guest-memfd', 'error'], ['vm-without-descriptor', 'error']]);
        const { hva } = await vm.tell('map gmem 0 8');
        await vm.tell('close gmem');
        const byMapping = (await findingsOf(`${pid}:${hva}`)).findings;
        assert.deepEqual(byMapping.map(({ kind }) => kind).sort(), ['leaked-guest-memfd', 'vm-without-descriptor']);
        assert.ok(byMapping.every(({ action }) => action.text.includes(`mapping`)), JSON.stringify(byMapping));
    });
});

describe('findings: memory on both sides of a memslot', () => {
    const vmm = suiteVmm(['--gmem', '1M', '--memory', '4M', '--populate']);
    const slot = () => vmm().report.memslots.find(({ size, guestMemfd }) => size === '0x100000' && guestMemfd !== null);
    before(function () {
        if (slot() === undefined) skip(this, 'this kernel has no guest_memfd for default VMs');
    });

    it('finds the copies that the guest does not use, slot by slot, until the VMM discards them', async () => {
        const { id, hva, gpa } = slot() ?? assert.fail();
        assert.deepEqual(await findingsLike(vmm().id, 'double-backed'), []);
        for (const index of [3n, 7n, 8n]) writeAtHva(vmm().report.pid, BigInt(hva) + index * page, 0x22);
        const [finding, ...others] = await findingsLike(vmm().id, 'double-backed');
        assert.ok(finding);
        assert.deepEqual(others, [], 'a slot whose HVA maps its own guest_memfd has each page once');
        assert.deepEqual([finding.memslot, finding.bytes], [id, 3 * 4096]);
        assert.deepEqual(written(finding), [`${hex(BigInt(gpa) + 7n * page)}+0x2000`, `${hex(BigInt(gpa) + 3n * page)}+0x1000`]);
        assert.match(finding.action.text, /MADV_DONTNEED/);
        for (const { gpa: start, size } of finding.ranges) await vmm().changeHostMemory(BigInt(start), BigInt(size), 'drop');
        assert.deepEqual(await findingsLike(vmm().id, 'double-backed'), []);
    });

    it('says so on a terminal, with the range and what helps', async () => {
        const { id, hva, gpa } = slot() ?? assert.fail();
        writeAtHva(vmm().report.pid, BigInt(hva), 0x22);
        const { stdout } = await guestmem(['findings', vmm().id]);
        assert.match(stdout, new RegExp(`^warning +4 KiB double-backed, HVA copy unused, slot ${id}$`, 'm'));
        assert.match(stdout, new RegExp(`^where +${gpa}\\+0x1000$`, 'm'));
        assert.match(stdout, /^what helps +Let the VMM discard them/m);
        await vmm().changeHostMemory(startOf({ gpa, size: '0x0' }), page, 'drop');
    });
});

describe('findings: memslots that lie apart from their memory', () => {
    for (const misaligned of [true, false]) {
        it(misaligned ? 'finds the slot, and how much of it suffers' : 'finds none where GPA and HVA lie alike', async function () {
            requireKvm(this);
            requireRoot(this);
            const vmm = await DemoVmm.start(['--memory', '7M', ...(misaligned ? ['--misalign'] : [])]);
            try {
                const found = await findingsLike(vmm.id, 'misaligned-memslot');
                const large = vmm.report.memslots.find(({ gpa }) => gpa === '0x100000000') ?? assert.fail();
                assert.deepEqual(found.map(({ memslot, bytes }) => [memslot, bytes]), misaligned ? [[large.id, 6 << 20]] : []);
                if (misaligned) assert.match(found[0]?.explanation ?? '', /the GPA is at 0x0, the HVA at 0x1000:/);
            } finally {
                await vmm.stop();
            }
        });
    }
});

/** Pages of a slot that the VMM has written to, and that the file has, too: the kernel may drop what nobody wrote to there. */
function doubledPages(pid: number, { hva, size }: TracedMemslot): number {
    const offset = fileOffsetAt(pid, hva, 'memory-backend-memfd');
    if (offset === null) return 0;
    const inFile = memfdCache(pid, 'memory-backend-memfd');
    return ownPages(pid, hva, size).filter((isOwn, index) => isOwn && inFile[Number(offset / page) + index] === true).length;
}

describe('findings: is memory doubled by MAP_PRIVATE over a memfd?', () => {
    for (const share of ['off', 'on']) {
        it(share === 'off' ? 'yes, each page that was written and that the file still has' : 'not where the VMM maps it shared', async function () {
            requireKvm(this);
            requireRoot(this);
            requireProgram(this, qemuProgram);
            const memory = ['-object', `memory-backend-memfd,id=ram,size=64M,share=${share}`, '-machine', 'pc,memory-backend=ram', '-m', '64M'];
            const qemu = await Qemu.start(memory);
            try {
                await firmwareAtRest(qemu);
                const ofRam = qemu.tracedMemslots().filter(({ addressSpace, flags }) => addressSpace === 0 && (flags & 2) === 0);
                const isOfFile = ({ hva, size }: TracedMemslot) => {
                    const isOwn = ownPages(qemu.pid, hva, size);
                    return presentPages(qemu.pid, hva, size).some((isPresent, index) => isPresent && isOwn[index] === false);
                };
                // It stays the file's own.
                await until('a page that was only read is there', async () => {
                    await qemu.examine(0x200_0000n, 64);
                    return ofRam.some(isOfFile);
                });
                const doubled = () => ofRam.map((slot) => ({ memslot: slot.id, bytes: doubledPages(qemu.pid, slot) * 4096 })).filter(({ bytes }) => bytes > 0);
                const [found, expected] = await whileStill(doubled, () => findingsLike(String(qemu.pid), 'doubled-by-private-mapping'));
                assert.equal(expected.length > 0, share === 'off');
                assert.deepEqual(new Map(found.map(({ memslot, bytes }) => [memslot, bytes])), new Map(expected.map(({ memslot, bytes }) => [memslot, bytes])));
                for (const { title } of found) assert.match(title, /memfd/);
            } finally {
                await qemu.stop();
            }
        });
    }
});
