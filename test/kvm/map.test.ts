/** `guestmem map` against what the demo VMM and its guest did with each page; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import type { GmemBacking, HvaBacking, PageMap } from '../../src/common/model';
import type { DemoMemslot, DemoVmm } from '../support/demoVmm';
import { guestmem, guestmemJson } from '../support/guestmem';
import { presentPages } from '../support/pagemap';
import { contains, endOf, hex, pagesOf, runAt, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

const mapOf = (vmm: DemoVmm, ...words: string[]) => guestmemJson<PageMap>(['map', vmm.id, ...words]);

/**
 * What the demo VMM's layout says of one page of a default VM. Whether the VMM maps a page of a guest_memfd depends on
 * the way in which the processor runs the guest, so that is taken from /proc/PID/pagemap.
 */
function expectedBacking(slot: DemoMemslot, gpa: bigint, mapped: boolean): { hva: HvaBacking; gmem: GmemBacking['state'] } {
    const touched = contains(slot.touched, gpa);
    const cached = contains(slot.cached, gpa);
    // Only a mapping tells a page's size.
    const present: HvaBacking = { state: 'present', mapped, pageSize: mapped ? '4K' : null, rights: 'rw-' };
    return {
        // Where the HVA maps the guest_memfd, both sides are the same page.
        hva: touched || cached ? present : { state: 'absent', rights: 'rw-' },
        gmem: slot.guestMemfd === null ? 'none' : touched ? 'prepared' : cached ? 'allocated' : 'absent',
    };
}

describe('map: the demo VMM', () => {
    const vmm = suiteVmm(['--slots', '2']);

    it('shows each page as the VMM and its guest left it', async () => {
        const map = await mapOf(vmm());
        for (const slot of vmm().report.memslots) {
            const present = presentPages(vmm().report.pid, BigInt(slot.hva), BigInt(slot.size));
            for (const [index, gpa] of pagesOf(slot).entries()) {
                const run = runAt(map, gpa);
                const mapped = slot.guestMemfd === null ? contains(slot.touched, gpa) : present[index] === true;
                const expected = expectedBacking(slot, gpa, mapped);
                const where = `memslot ${slot.id} (${slot.kind}), GPA ${hex(gpa)}`;
                assert.equal(run.memslot, slot.id, where);
                assert.equal(run.attribute, 'shared', where);
                assert.equal(run.scope, slot.guestMemfd === null ? 'none' : 'guest_memfd', where);
                assert.deepEqual(run.hvaBacking, expected.hva, where);
                assert.equal(run.gmemBacking.state, expected.gmem, where);
                assert.equal(run.guestUses, slot.guestMemfd === null ? 'hva' : 'guest_memfd', where);
            }
        }
    });

    it('agrees with /proc/PID/pagemap on what the VMM maps', async () => {
        const map = await mapOf(vmm());
        for (const slot of vmm().report.memslots) {
            const present = presentPages(vmm().report.pid, BigInt(slot.hva), BigInt(slot.size));
            for (const [index, gpa] of pagesOf(slot).entries()) {
                const { hvaBacking } = runAt(map, gpa);
                const mapped = hvaBacking.state === 'zero' || (hvaBacking.state === 'present' && hvaBacking.mapped);
                assert.equal(mapped, present[index], `GPA ${hex(gpa)}`);
            }
        }
    });

    it('has sorted, disjoint, merged runs that never cross a memslot, and no run in a hole', async () => {
        const { runs } = await mapOf(vmm());
        const slots = vmm().report.memslots;
        for (const [index, run] of runs.entries()) {
            const slot = slots.find((candidate) => candidate.id === run.memslot);
            assert(slot !== undefined && startOf(run) >= startOf(slot) && endOf(run) <= endOf(slot), JSON.stringify(run));
            const next = runs[index + 1];
            if (next === undefined) continue;
            assert.ok(startOf(next) >= endOf(run), `${run.gpa} and ${next.gpa} overlap`);
            const place = { gpa: '', size: '' };
            if (startOf(next) === endOf(run)) assert.notDeepEqual({ ...run, ...place }, { ...next, ...place }, 'two runs, one state');
        }
        const covered = runs.reduce((sum, run) => sum + BigInt(run.size), 0n);
        assert.equal(covered, slots.reduce((sum, slot) => sum + BigInt(slot.size), 0n));
    });

    it('counts all as shared and nothing as double-backed', async () => {
        const { totals } = await mapOf(vmm());
        const slots = vmm().report.memslots;
        const none = { private: '0x0', doubleBacked: '0x0' };
        const memory = slots.reduce((sum, slot) => sum + BigInt(slot.size), 0n);
        const memslots = slots.map(({ id, size }) => ({ ...none, memslot: id, shared: size }));
        assert.deepEqual(totals, { ...none, shared: hex(memory), outsideMemslots: '0x0', memslots });
    });

    it('shows only the range it is asked for', async () => {
        const slot = vmm().memslot('memfd');
        const start = startOf(slot) + 0x3000n;
        const { runs } = await mapOf(vmm(), '--range', `${hex(start)}+0x20000`);
        assert.equal(runs[0]?.gpa, hex(start));
        assert.equal(endOf(runs.at(-1) ?? slot), start + 0x20000n);
        assert.deepEqual([...new Set(runs.map((run) => run.memslot))], [slot.id]);
    });

    it('changes nothing by looking', async () => {
        const first = await mapOf(vmm());
        const second = await mapOf(vmm());
        assert.deepEqual(second.runs, first.runs);
    });

    it('shows a page that the guest touches from then on, and no other change', async () => {
        const untouched = (slot: DemoMemslot) => endOf(slot) - 0x1000n;
        const cached = startOf(vmm().memslot('memfd').cached ?? vmm().memslot('memfd'));
        const gpas = [untouched(vmm().memslot('anonymous')), untouched(vmm().memslot('memfd')), cached];
        if (vmm().report.guestMemfds.length > 0) gpas.push(untouched(vmm().memslot('guest_memfd', 1)));
        const before = await mapOf(vmm());
        for (const gpa of gpas) await vmm().write(gpa, 1);
        const after = await mapOf(vmm());
        const changed = vmm()
            .report.memslots.flatMap(pagesOf)
            .filter((gpa) => {
                const [was, is] = [runAt(before, gpa), runAt(after, gpa)];
                return JSON.stringify([was.hvaBacking, was.gmemBacking]) !== JSON.stringify([is.hvaBacking, is.gmemBacking]);
            });
        const ascending = (one: bigint, other: bigint) => (one < other ? -1 : 1);
        assert.deepEqual(changed.sort(ascending), gpas.sort(ascending));
        for (const gpa of gpas) {
            const run = runAt(after, gpa);
            if (run.scope === 'guest_memfd') assert.equal(run.gmemBacking.state, 'prepared');
            else assert.deepEqual(run.hvaBacking, { state: 'present', mapped: true, pageSize: '4K', rights: 'rw-' });
        }
    });

    it('prints for a terminal', async () => {
        const outcome = await guestmem(['map', vmm().id]);
        assert.equal(outcome.code, 0, outcome.stderr);
        assert.match(outcome.stdout, /0x100000/);
    });
});

describe('map: a fully allocated guest_memfd whose HVA side is never mapped', () => {
    const vmm = suiteVmm(['--gmem', '256M', '--populate', '--memory', '4M']);

    it('is one run', async () => {
        const slot = vmm().report.memslots.find((candidate) => candidate.size === '0x10000000');
        assert(slot !== undefined, 'this kernel has no guest_memfd for default VMs');
        const { runs } = await mapOf(vmm(), '--range', `${slot.gpa}+${slot.size}`);
        assert.deepEqual(
            runs.map(({ gpa, size, hvaBacking, gmemBacking }) => [gpa, size, hvaBacking.state, gmemBacking.state]),
            [[slot.gpa, slot.size, 'absent', 'allocated']],
        );
    });
});
