/** Guest memory that the host has swapped out: shown as swapped, and not brought back by looking. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { unpackPageRuns } from '../../src/common/packedRuns';
import { findRun } from '../../src/common/pageRuns';
import { hvaStateOf } from '../../src/common/pageState';
import { presentPages, swappedPages } from '../support/pagemap';
import { hex, page, startOf } from '../support/pages';
import { skip } from '../support/skip';
import { suiteAgent } from '../support/suiteAgent';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';

const device = '/dev/zram0';
const pages = 4n;

describe('memory that was swapped out', () => {
    before('make swap space in memory', function () {
        if (!existsSync(device)) skip(this, 'this kernel has no zram to swap to');
        writeFileSync('/sys/block/zram0/disksize', '64M');
        execFileSync('mkswap', [device], { stdio: 'ignore' });
        execFileSync('swapon', [device]);
    });
    const vmm = suiteVmm(['--slots', '2']);
    const agent = suiteAgent();
    before('stop the guest', () => vmm().setPaused(true));

    async function statesOf(gpa: bigint): Promise<(string | null)[]> {
        const map = await agent().request('map', { vm: vmm().id, addressSpace: 0, range: { gpa: hex(gpa), size: hex(pages * page) } });
        const runs = unpackPageRuns(map.runs);
        return Array.from({ length: Number(pages) }, (_, index) => hvaStateOf(runs.states[findRun(runs, Number(gpa / page) + index)] ?? 0));
    }

    /**
     * The kernel passes over pages that wait in a processor's batch, at times after it has taken them from the VMM, which
     * then has to map them again: it is asked until they are gone.
     */
    async function pageOut(gpa: bigint): Promise<void> {
        await until('the kernel has swapped these pages out', async () => {
            await vmm().changeHostMemory(gpa, pages * page, 'page-out');
            if ((await statesOf(gpa)).every((state) => state === 'swapped')) return true;
            await vmm().changeHostMemory(gpa, pages * page, 'touch');
            return false;
        });
    }

    for (const kind of ['anonymous', 'memfd'] as const) {
        it(`is told, and stays where it is while one looks: ${kind}`, async () => {
            const slot = vmm().memslot(kind, kind === 'anonymous' ? 1 : 0);
            const gpa = startOf(slot);
            for (let index = 0n; index < pages; index++) await vmm().write(gpa + index * page, 0x40 + Number(index));
            assert.deepEqual(await statesOf(gpa), Array(Number(pages)).fill('present'));

            await pageOut(gpa);
            assert.ok(!presentPages(vmm().report.pid, BigInt(slot.hva), pages * page).includes(true), 'the VMM maps none of them');
            const { run } = await agent().request('explain', { vm: vmm().id, addressSpace: 0, gpa: hex(gpa) });
            assert.equal(run.hvaBacking.state, 'swapped');
            const { ranges } = await agent().request('read', { vm: vmm().id, gpa: hex(gpa), size: hex(page) });
            assert.deepEqual(ranges.map(({ source }) => source), ['unreadable']);

            assert.deepEqual(await statesOf(gpa), Array(Number(pages)).fill('swapped'));
            // The kernel's own word on anonymous memory; of shared memory /proc/PID/pagemap does not tell it everywhere.
            if (kind === 'anonymous') assert.deepEqual(swappedPages(vmm().report.pid, BigInt(slot.hva), pages * page), Array(Number(pages)).fill(true));
            assert.equal((await vmm().read(gpa + page)).value, 0x41, 'the guest has it back when it needs it');
        });
    }
});
