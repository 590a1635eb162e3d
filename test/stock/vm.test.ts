/** A default VM on every stock kernel: what the command line shows of it, against what its VMM and the kernel say. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { unpackPageRuns } from '../../src/common/packedRuns';
import { toGuestmemError } from '../../src/common/errors';
import type { PageMap } from '../../src/common/model';
import { pageRunAt } from '../../src/common/pageRuns';
import { rssTolerance, smapsSums } from '../support/accountSuite';
import { assertCounts } from '../support/guestMappings';
import { presentPages } from '../support/pagemap';
import { contains, hex, page, pagesOf, runAt, startOf } from '../support/pages';
import { suiteAgent } from '../support/suiteAgent';
import { suiteVmm } from '../support/suiteVmm';

describe('a stock kernel', () => {
    it('has KVM as modules, with types of their own', () => {
        assert.ok(existsSync('/sys/module/kvm_amd/sections'), 'kvm_amd is no module');
        assert.ok(existsSync('/sys/kernel/btf/kvm'), 'the module kvm has no type information');
    });
});

describe('a default VM', () => {
    const vmm = suiteVmm(['--slots', '2']);
    const agent = suiteAgent();
    let map: PageMap;
    before('stop the guest, and read the map', async () => {
        await vmm().setPaused(true);
        const { runs: packed, ...rest } = await agent().request('map', { vm: vmm().id, addressSpace: 0 });
        const columns = unpackPageRuns(packed);
        map = { ...rest, runs: Array.from({ length: columns.count }, (_, index) => pageRunAt(columns, index)) };
    });

    it('is listed', async () => {
        const { vms } = await agent().request('vms', {});
        assert.deepEqual(vms.map(({ id, vcpus }) => ({ id, vcpus })), [{ id: vmm().id, vcpus: 1 }]);
    });

    it('has the memslots that the VMM made, and its vCPU halted after the HLT of the guest’s code', async () => {
        const { addressSpaces, vcpus } = await agent().request('show', { vm: vmm().id });
        const own = (addressSpaces[0]?.memslots ?? []).filter(({ internal }) => !internal);
        const core = ({ id, gpa, size, hva }: { id: number; gpa: string; size: string; hva: string }) => ({ id, gpa, size, hva });
        assert.deepEqual(own.map(core).sort((a, b) => a.id - b.id), vmm().report.memslots.map(core));
        const seen = vcpus.map(({ exit, rip, cr3 }) => ({ exit, rip, cr3 }));
        assert.deepEqual(seen, [{ exit: { reason: 'hlt', memoryFault: null }, rip: '0x5001', cr3: '0x1000' }]);
    });

    it('is shared throughout, in a map that is consistent and gives a reason for all that is unknown', () => {
        assert.ok(map.consistent);
        assert.deepEqual([...new Set(map.runs.map(({ attribute }) => attribute))], ['shared']);
        assert.ok(map.unknown.every(({ reason }) => reason !== ''));
        const known = map.runs.every(({ hvaBacking, gmemBacking, guestMapping }) => hvaBacking.state !== null && gmemBacking.state !== null && guestMapping !== null);
        assert.ok(known, JSON.stringify(map.unknown));
    });

    it('maps the pages in its VMM that /proc/PID/pagemap tells', () => {
        for (const slot of vmm().report.memslots) {
            const present = presentPages(vmm().report.pid, BigInt(slot.hva), BigInt(slot.size));
            for (const [index, gpa] of pagesOf(slot).entries()) {
                const { hvaBacking } = runAt(map, gpa);
                const mapped = hvaBacking.state === 'zero' || (hvaBacking.state === 'present' && hvaBacking.mapped);
                assert.equal(mapped, present[index], `GPA ${hex(gpa)}`);
            }
        }
    });

    it('maps the pages for the guest that the guest used, as many as KVM counts', () => {
        for (const slot of vmm().report.memslots) {
            for (const gpa of pagesOf(slot)) {
                const { guestMapping } = runAt(map, gpa);
                const expected = contains(slot.touched, gpa) ? ['4K', slot.kind !== 'read-only'] : ['none', false];
                assert.deepEqual(guestMapping && [guestMapping.level, guestMapping.writable], expected, `GPA ${hex(gpa)}`);
            }
        }
        assertCounts(vmm(), map.runs);
    });

    it('has dirty pages where the guest wrote, and they stay dirty for the VMM', async () => {
        for (const slot of vmm().report.memslots) {
            for (const gpa of pagesOf(slot)) {
                assert.equal(runAt(map, gpa).dirty, slot.kind === 'dirty-logged' ? contains(slot.touched, gpa) : null, `GPA ${hex(gpa)}`);
            }
        }
        const slot = vmm().memslot('dirty-logged');
        assert.deepEqual(await vmm().takeDirtyLog(slot.id), [slot.touched]);
    });

    it('reads as the guest reads', async () => {
        const gpa = startOf(vmm().memslot('memfd'));
        await vmm().write(gpa + 5n, 0xa5);
        const { bytes, ranges } = await agent().request('read', { vm: vmm().id, gpa: hex(gpa), size: hex(page) });
        assert.equal(bytes[5], 0xa5);
        assert.deepEqual(ranges.map(({ source }) => source), ['page']);
    });

    it('explains an address', async () => {
        const slot = vmm().memslot('memfd');
        const facts = await agent().request('explain', { vm: vmm().id, addressSpace: 0, gpa: hex(startOf(slot) + page) });
        const seen = { kind: facts.kind, hva: facts.hva, memslot: facts.memslot?.id, run: facts.run.gpa };
        assert.deepEqual(seen, { kind: 'memory', hva: hex(BigInt(slot.hva) + page), memslot: slot.id, run: slot.gpa });
    });

    it('has an account in which every page that RSS counts was found', async () => {
        const { kernel, notExplained, entries, unknown } = await agent().request('account', { vm: vmm().id, pss: true });
        const { rss } = smapsSums(vmm().report.pid);
        assert.ok(Math.abs(Number(kernel.rss) - rss) <= rssTolerance, `RSS ${kernel.rss ?? ''}, smaps ${rss}`);
        assert.ok(Math.abs(notExplained?.bytes ?? assert.fail()) <= rssTolerance, JSON.stringify(notExplained));
        for (const part of ['guest-page-tables', 'memslot-metadata']) assert.ok(Number(entries.find((entry) => entry.part === part)?.bytes) > 0, part);
        assert.deepEqual(unknown.filter(({ field }) => field.startsWith('entries')), []);
    });

    it('is not converted, with the reason', async () => {
        const range = { gpa: vmm().memslot('memfd').gpa, size: hex(page) };
        const converting = agent().request('convert', { vm: vmm().id, range, to: 'private', dryRun: false });
        const { code, message } = await converting.then(() => assert.fail('it was converted'), toGuestmemError);
        assert.equal(code, 'unsupported');
        assert.match(message, /no private memory/);
    });
});
