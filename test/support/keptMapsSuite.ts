/**
 * Page maps that an agent keeps: a refresh without a change gives the same one, and after every kind of change it equals
 * what a fresh reader finds.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { VmmProcess } from '../../native/index';
import { unpackPageRuns } from '../../src/common/packedRuns';
import type { PageMap } from '../../src/common/model';
import { pageRunAt } from '../../src/common/pageRuns';
import { addon } from '../native/addon';
import { AgentProcess } from './agentProcess';
import type { DemoVmm } from './demoVmm';
import { endOf, hex, page, startOf, type HexRange } from './pages';

/** A busy machine may delay the second request beyond the life of what the first one left. */
const attempts = 5;

type Told = Omit<PageMap, 'takenAt'>;

export class Refreshes {
    readonly process: VmmProcess;
    private readonly agent = new AgentProcess();
    private freshReads = 0;

    constructor(readonly vmm: DemoVmm) {
        this.process = new addon.VmmProcess(vmm.report.pid);
    }

    async end(): Promise<void> {
        this.process.close();
        await this.agent.end();
    }

    async ask(range: HexRange): Promise<{ readonly takenAt: string; readonly told: Told }> {
        const { takenAt, runs, ...rest } = await this.agent.request('map', {
            vm: this.vmm.id,
            addressSpace: 0,
            range: { gpa: range.gpa, size: range.size },
        });
        const columns = unpackPageRuns(runs);
        return { takenAt, told: { ...rest, runs: Array.from({ length: columns.count }, (_, i) => pageRunAt(columns, i)) } };
    }

    /** As nobody asked before, since it reaches into the hole that follows every memslot, further each time. */
    async fresh(range: HexRange): Promise<Told> {
        const size = hex(BigInt(range.size) + BigInt(++this.freshReads) * page);
        return (await this.ask({ gpa: range.gpa, size })).told;
    }

    /** Whether the second of two requests is answered with the map of the first one. */
    async isKept(range: HexRange): Promise<boolean> {
        for (let attempt = 0; attempt < attempts; attempt++) {
            const first = await this.ask(range);
            const second = await this.ask(range);
            if (first.takenAt !== second.takenAt) continue;
            assert.deepEqual(second.told, first.told);
            return true;
        }
        return false;
    }

    /** With a kept map at hand, makes the change; the next answer must differ as the fresh one does. */
    async follows(range: HexRange, change: () => unknown): Promise<void> {
        assert.ok(await this.isKept(range), 'the map is not kept even without a change');
        const before = await this.ask(range);
        await change();
        const after = await this.ask(range);
        assert.deepEqual(after.told, await this.fresh(range));
        assert.notEqual(after.takenAt, before.takenAt, 'it was answered with the former map');
        assert.notDeepEqual(after.told.runs, before.told.runs, 'the change was none');
    }
}

/** The changes that every VM can undergo. */
export function keptMapsSuite(refreshes: () => Refreshes): void {
    const vmm = () => refreshes().vmm;
    const at = (range: HexRange, index: number) => startOf(range) + BigInt(index) * page;

    it('keeps a map while nothing changes', async () => {
        const slot = vmm().memslot('anonymous');
        assert.ok(await refreshes().isKept(slot));
        assert.deepEqual((await refreshes().ask(slot)).told, await refreshes().fresh(slot));
    });

    it('sees what the guest writes for the first time', async () => {
        const slot = vmm().memslot('anonymous');
        await refreshes().follows(slot, () => vmm().write(endOf(slot) - page, 1));
    });

    it('sees pages that the VMM reads, gives back, makes read-only and writable', async () => {
        const slot = vmm().memslot('anonymous');
        const changes = ['touch', 'protect', 'permit', 'drop'] as const;
        for (const change of changes) await refreshes().follows(slot, () => vmm().changeHostMemory(at(slot, 10), 2n * page, change));
    });

    it('sees what another process writes into the VMM', async () => {
        const slot = vmm().memslot('anonymous');
        await refreshes().follows(slot, () => {
            const hva = BigInt(slot.hva) + 12n * page;
            assert.equal(refreshes().process.writeMemory(hva, new Uint8Array([1])), 1);
        });
    });

    it('sees a page that goes while another comes, by another process', async () => {
        const slot = vmm().memslot('anonymous');
        await refreshes().follows(slot, async () => {
            await vmm().changeHostMemory(at(slot, 12), page, 'drop');
            refreshes().process.writeMemory(BigInt(slot.hva) + 13n * page, new Uint8Array([1]));
        });
    });

    it('sees what others do to the file behind a memslot', async () => {
        const slot = vmm().memslot('memfd');
        const maps = execFileSync('cat', [`/proc/${vmm().report.pid}/maps`], { encoding: 'utf8' });
        const mapping = maps.split('\n').find((line) => line.startsWith(BigInt(slot.hva).toString(16)))?.split(' ')[0];
        const file = `/proc/${vmm().report.pid}/map_files/${mapping ?? ''}`;
        const page60 = ['--offset', String(60n * page), '--length', String(page), file];
        await refreshes().follows(slot, () => execFileSync('fallocate', page60));
        await refreshes().follows(slot, () => execFileSync('fallocate', ['--punch-hole', ...page60]));
        await refreshes().follows(slot, () => vmm().changeHostMemory(startOf(slot), page, 'drop'));
    });

    it('sees pages become dirty, and clean again', async () => {
        const slot = vmm().memslot('dirty-logged');
        await refreshes().follows(slot, () => vmm().write(at(slot, 30), 1));
        await refreshes().follows(slot, () => vmm().takeDirtyLog(slot.id));
    });

    it('sees a memslot change', async () => {
        const slot = vmm().memslot('memfd');
        await refreshes().follows(slot, () => {
            const { process } = refreshes();
            const { vmFd } = vmm().report;
            const record = process.readVm(vmFd) ?? assert.fail('the VM has gone');
            const i = record.memslots.ids.indexOf(slot.id);
            const outcome = process.setDirtyLogging(
                vmFd,
                record.vm,
                0,
                slot.id,
                record.memslots.flags[i] ?? 0,
                startOf(slot),
                BigInt(slot.size),
                BigInt(slot.hva),
                true,
            );
            assert.equal(outcome.kind, 'done', JSON.stringify(outcome));
        });
    });

    it('sees pages of a guest_memfd come and go, and reads those that are not prepared each time', async () => {
        // The last one is bound to its memslot from end to end.
        const slot = vmm().report.memslots.filter(({ kind }) => kind === 'guest_memfd').at(-1) ?? assert.fail();
        const fd = slot.guestMemfd?.fd ?? -1;
        const inode = refreshes().process.readGuestMemfd(fd)?.inode ?? -1;
        const change = (allocate: boolean) =>
            assert.equal(refreshes().process.changeAllocation(fd, inode, allocate, 8n * page, page), null);
        await refreshes().follows(slot, () => change(true));
        assert.equal(await refreshes().isKept(slot), false);
        const allocated = await refreshes().ask(slot);
        change(false);
        const punched = await refreshes().ask(slot);
        assert.notDeepEqual(punched.told.runs, allocated.told.runs);
        assert.deepEqual(punched.told, await refreshes().fresh(slot));
        await refreshes().follows(slot, () => vmm().write(at(slot, 9), 1));
        assert.ok(await refreshes().isKept(slot), 'a prepared page is a reason to read');
    });

    it('does not keep a map of a guest_memfd of which a part is bound to no memslot', async () => {
        assert.equal(await refreshes().isKept(vmm().memslot('guest_memfd')), false);
    });
}
