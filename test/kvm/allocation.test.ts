/** What an allocation takes back: only what it allocated, though the guest goes on between the look and the call. */
import assert from 'node:assert/strict';
import { prepareAllocation } from '../../src/agent/change/guestMemfdAllocation';
import type { OpenVm } from '../../src/agent/discovery/vmDirectory';
import { summarizeVm } from '../../src/agent/discovery/vmSummary';
import { Pace } from '../../src/agent/pace';
import { makeRange } from '../../src/common/range';
import type { VmmProcess } from '../../native/index';
import { addon } from '../native/addon';
import { hex, page, startOf } from '../support/pages';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';

describe('allocation beside a guest that allocates', () => {
    const vmm = suiteVmm(['--slots', '2']);
    let process: VmmProcess | undefined;
    before(function () {
        if (vmm().report.guestMemfds.length === 0) skip(this, 'the demo VMM has no guest_memfd: this kernel offers none to a default VM');
    });
    after(() => process?.close());

    const open = (): OpenVm => {
        process = new addon.VmmProcess(vmm().report.pid);
        const fd = vmm().report.vmFd;
        const record = process.readVm(fd) ?? assert.fail('the VM has gone');
        const summary = summarizeVm({ pid: process.pid, fd, hva: null }, record, record.vcpus, [], 'vm') ?? assert.fail('the VMM has gone');
        return { id: summary.id, fd, identity: record.vm, process, otherHolders: [], record, summary, convertsInPlace: false };
    };

    it('leaves to the guest what the guest has allocated since the preview', async () => {
        const slot = vmm().memslot('guest_memfd');
        const vm = open();
        const pace = new Pace(new AbortController().signal);
        const whole = (await prepareAllocation(vm, 'allocate', [makeRange(startOf(slot), BigInt(slot.size))], pace)).preview;
        const absent = whole.undo?.kind === 'punch' ? whole.undo.ranges.find(({ size }) => BigInt(size) >= 8n * page) : undefined;
        const first = BigInt(absent?.gpa ?? assert.fail('no 8 pages in a row are absent'));
        const prepared = await prepareAllocation(vm, 'allocate', [makeRange(first, 8n * page)], pace);
        assert.deepEqual([prepared.preview.pagesChanged, prepared.preview.pagesAlready], [8, 0]);

        await vmm().write(first + 3n * page, 0x5a);
        const report = await prepared.execute(pace);
        assert.deepEqual([report.pagesChanged, report.pagesAlready], [7, 1]);
        assert.ok(report.undo?.kind === 'punch');
        assert.deepEqual(report.undo.ranges, [
            { gpa: hex(first), size: hex(3n * page) },
            { gpa: hex(first + 4n * page), size: hex(4n * page) },
        ]);
        assert.match(report.warnings.at(-1) ?? '', /^1 of the pages were allocated meanwhile/);

        const undo = await prepareAllocation(vm, 'punch', report.undo.ranges.map(({ gpa, size }) => makeRange(BigInt(gpa), BigInt(size))), pace);
        assert.equal((await undo.execute(pace)).pagesChanged, 7);
        assert.equal((await vmm().read(first + 3n * page)).value, 0x5a);
    });
});
