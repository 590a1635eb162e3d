/** Events of a VM as `guestmem watch` tells them, beside what the VMM and guestmem did; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { guestmem, guestmemJson } from '../support/guestmem';
import { page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { ofKind, Watching } from '../support/watching';

describe('watching a VM', () => {
    const vmm = suiteVmm();

    it('tells that a memslot is changed, with the flags, the result and the thread', async () => {
        const { id, gpa, size, hva } = vmm().memslot('anonymous');
        const watching = await Watching.begin(vmm().id);
        await vmm().setDirtyLogging(id, true);
        await vmm().setDirtyLogging(id, false);
        const { events, end } = await watching.end();
        const told = ofKind(events, 'memslot').map(({ memslot, gpa, size, hva, flags, error, thread }) => ({ memslot, gpa, size, hva, flags, error, thread }));
        const common = { memslot: id, gpa, size, hva, error: null, thread: vmm().report.pid };
        assert.deepEqual(told, [
            { ...common, flags: ['log-dirty-pages'] },
            { ...common, flags: [] },
        ]);
        assert.equal(end.lost, 0);
        assert.equal(end.reason, 'interrupted');
    });

    it('tells what the host takes back from the guest', async () => {
        const slot = vmm().memslot('anonymous', 1);
        const watching = await Watching.begin(vmm().id);
        await vmm().changeHostMemory(startOf(slot) + 2n * page, page, 'touch');
        await vmm().changeHostMemory(startOf(slot) + 2n * page, page, 'drop');
        const { events } = await watching.end();
        const hva = BigInt(slot.hva) + 2n * page;
        const covers = ofKind(events, 'unmapped').filter((event) => BigInt(event.hva) <= hva && hva < BigInt(event.hva) + BigInt(event.size));
        assert.ok(covers.length > 0, JSON.stringify(ofKind(events, 'unmapped')));
    });

    it('says first what this kernel does not tell', async () => {
        const watching = await Watching.begin(vmm().id);
        await watching.end();
        for (const { kinds, reason } of watching.start.missing) {
            assert.ok(kinds.length > 0);
            assert.match(reason, /^Could not |^the kernel, or its KVM, has no tracepoint for them$|^PVM takes /);
        }
    });

    it('tells of what KVM maps when the guest first uses a page, or says that such events are missing', async () => {
        const slot = vmm().memslot('anonymous', 1);
        const first = startOf(slot) + 16n * page;
        const watching = await Watching.begin(vmm().id);
        // Whatever was mapped there, perhaps by a huge page, is so no more.
        await vmm().changeHostMemory(first, 8n * page, 'drop');
        for (let i = 0n; i < 8n; i++) await vmm().write(first + i * page, 1);
        const { events } = await watching.end();
        const isMissing = watching.start.missing.some(({ kinds }) => kinds.includes('mapped'));
        assert.equal(ofKind(events, 'mapped').length > 0, !isMissing, JSON.stringify(watching.start.missing));
    });

    it('ends when its time is over, and is told that a time must be above 0', async () => {
        const { code, stdout } = await guestmem(['watch', vmm().id, '--seconds', '0.1']);
        assert.equal(code, 0);
        assert.match(stdout, /^Watching the memory of the VM .*\n(.*\n)*Ended \(the time is over\): [0-9,]+ events, none lost\.\n$/);
        for (const seconds of ['0', '-1', 'soon']) {
            const { code: refused, stderr } = await guestmem(['watch', vmm().id, '--seconds', seconds]);
            assert.equal(refused, 2);
            assert.match(stderr, /is no time: give seconds/);
        }
    });

    it('is refused for what is no VMM', async () => {
        const { code, stderr } = await guestmem(['watch', String(process.pid)]);
        assert.equal(code, 4);
        assert.match(stderr, /has no KVM virtual machine open/);
    });
});

describe('watching the guest_memfd of a VM', () => {
    const vmm = suiteVmm(['--gmem', '1M']);

    it('tells what allocates its pages and gives them back, whoever does', async () => {
        const slot = vmm().report.memslots.find(({ guestMemfd, size }) => guestMemfd !== null && size === '0x100000') ?? assert.fail('no --gmem');
        const offset = BigInt(slot.guestMemfd?.offset ?? 0);
        const range = `0x${(startOf(slot) + 8n * page).toString(16)}+0x4000`;
        const watching = await Watching.begin(vmm().id);
        await guestmemJson(['allocate', vmm().id, range, '--yes']);
        await guestmemJson(['punch', vmm().id, range, '--yes']);
        const { events } = await watching.end();

        const at = { offset: `0x${(offset + 8n * page).toString(16)}`, size: '0x4000' };
        for (const kind of ['allocate', 'punch'] as const) {
            assert.deepEqual(ofKind(events, kind).map(({ offset, size, error }) => ({ offset, size, error })), [{ ...at, error: null }]);
        }
        for (const kind of ['pages-added', 'pages-removed'] as const) {
            const pages = ofKind(events, kind);
            assert.equal(pages.reduce((sum, { size }) => sum + BigInt(size), 0n), 4n * page);
            assert.ok(pages.every((event) => BigInt(event.offset) >= BigInt(at.offset) && BigInt(event.offset) < BigInt(at.offset) + 4n * page));
        }
    });

    it('ends when the VMM does', async () => {
        const watching = await Watching.begin(vmm().id);
        await vmm().stop();
        assert.equal((await watching.rest()).end.reason, 'vm-ended');
    });
});
