/** Changes that need private memory or the TDP MMU: undoing a conversion, pre-faulting, punching private pages. */
import assert from 'node:assert/strict';
import type { AnyChangeReport, ChangeList } from '../../src/common/change';
import type { PageMap } from '../../src/common/model';
import { suiteChangeLog } from '../support/changeLog';
import { guestmem, guestmemJson } from '../support/guestmem';
import { hex, page, runAt, startOf } from '../support/pages';
import { privateRanges } from '../support/privateRanges';
import { suiteVmm } from '../support/suiteVmm';

describe('changes: a sw-protected VM', () => {
    const vmm = suiteVmm(['--type', 'sw-protected']);
    const log = suiteChangeLog();
    const change = (verb: string, ...words: string[]) => guestmemJson<AnyChangeReport>([verb, vmm().id, ...words], log());
    const mapNow = () => guestmemJson<PageMap>(['map', vmm().id]);
    const privateNow = async () => privateRanges(await mapNow());
    before('stop the guest’s own conversions', () => vmm().setPaused(true));

    it('gives every run of a conversion back the attribute that it had', async () => {
        const gpa = startOf(vmm().memslot('guest_memfd', 1));
        for (const index of [1n, 2n, 5n]) await vmm().setAttribute(gpa + index * page, page, 'private');
        const before = await privateNow();
        await change('convert', `${hex(gpa)}+${hex(8n * page)}`, 'private', '--yes');
        assert.notDeepEqual(await privateNow(), before);

        const undone = await change('undo', '--yes');
        assert.deepEqual([undone.change, undone.pagesChanged, undone.pagesAlready], ['restore', 5, 3]);
        assert.deepEqual(await privateNow(), before);
        const { changes } = await guestmemJson<ChangeList>(['changes', vmm().id], log());
        assert.deepEqual(changes.map((record) => [record.change, record.result]), [['convert', 'done'], ['restore', 'done']]);

        // An undo can be undone: all of the range is private again.
        await change('undo', '--yes');
        const run = runAt(await mapNow(), gpa);
        assert.equal(run.attribute, 'private');
        await change('convert', `${hex(gpa)}+${hex(8n * page)}`, 'shared', '--yes');
    });

    it('has KVM map memory before the guest touches it', async () => {
        const slot = vmm().memslot('memfd');
        const map = await mapNow();
        const first = map.runs.find((run) => run.memslot === slot.id && run.guestMapping?.level === 'none');
        assert.ok(first !== undefined);
        const gpa = startOf(first);
        const report = await change('pre-fault', `${hex(gpa)}+${hex(2n * page)}`, '--yes');
        assert.deepEqual([report.pagesChanged, report.executor], [2, 'inject']);
        assert.equal(runAt(await mapNow(), gpa).guestMapping?.level, '4K');
        assert.equal((await change('pre-fault', `${hex(gpa)}+${hex(2n * page)}`, '--yes')).pagesChanged, 0);
        const other = await guestmem(['pre-fault', vmm().id, `${hex(gpa + 4n * page)}+0x1000`, '--vcpu', '77', '--yes', '--json'], log());
        assert.equal(other.code, 1);
        assert.match(other.stdout, /there is no vCPU 77/);
    });

    it('warns that private pages are given back, and the guest then reads zeros', async () => {
        const gpa = startOf(vmm().memslot('guest_memfd'));
        await vmm().setAttribute(gpa, page, 'private');
        await vmm().write(gpa, 0x3c);
        const preview = await change('punch', `${hex(gpa)}+0x1000`, '--dry-run');
        assert.ok(preview.warnings.some((warning) => warning.includes('1 of the pages are private')));
        assert.equal((await vmm().read(gpa)).value, 0x3c);
        await change('punch', `${hex(gpa)}+0x1000`, '--yes');
        assert.equal(runAt(await mapNow(), gpa).gmemBacking.state, 'absent');
        assert.equal((await vmm().read(gpa)).value, 0);
    });

    it('does not write private memory', async () => {
        const gpa = startOf(vmm().memslot('guest_memfd'));
        await vmm().setAttribute(gpa, page, 'private');
        const outcome = await guestmem(['write', vmm().id, hex(gpa), '00', '--yes', '--json'], log());
        assert.equal(outcome.code, 1);
        assert.match(outcome.stdout, /"code":"private-memory"/);
    });
});
