/**
 * Memslots and attributes that change as fast as they can while they are read: what is called consistent was true at
 * one instant. Each reader goes on for a third of GUESTMEM_TORTURE_SECONDS (15).
 */
import assert from 'node:assert/strict';
import type { VmmProcess } from '../../native/index';
import { walkAttributes } from '../../src/agent/pages/attributeWalk';
import { Pace } from '../../src/agent/pace';
import { unpackPageRuns } from '../../src/common/packedRuns';
import type { PageRuns } from '../../src/common/pageRuns';
import { isPrivate } from '../../src/common/pageState';
import { addon } from '../native/addon';
import { AgentProcess } from '../support/agentProcess';
import { ChangingMemory, changingPages, rangesKey, slotsKey } from '../support/changingMemory';
import { makeRandomIntegers, seed } from '../support/random';
import { requireKvm, requireRoot } from '../support/requirements';

const seconds = Number(process.env['GUESTMEM_TORTURE_SECONDS'] ?? 15) / 3;
/** KVM keeps flags of its own above these. */
const userFlags = 0xffff;

describe(`memory that changes without pause (seed ${seed})`, function () {
    this.timeout(seconds * 3000 + 120_000);
    let vm: ChangingMemory;
    let vmm: VmmProcess;
    const random = makeRandomIntegers();
    /** The pauses, in microseconds, let some of this reader's walks be undisturbed. */
    async function start(memslots: number, longestPause: number): Promise<void> {
        vm = await ChangingMemory.start(random, memslots, longestPause);
        vmm = new addon.VmmProcess(vm.pid);
    }
    before(function () {
        requireRoot(this);
        requireKvm(this);
    });
    afterEach(async () => {
        vmm.close();
        await vm.stop();
    });

    /** Reads over and over; `read` returns whether what it read was called consistent, and throws when that is not true. */
    async function torture(read: () => boolean | Promise<boolean>): Promise<void> {
        let consistent = 0;
        let walks = 0;
        const begin = performance.now();
        // Fewer than five that were consistent would say nothing, and on a busy machine those take longer.
        const isEnough = () => performance.now() - begin > seconds * 1000 && (consistent >= 5 || performance.now() - begin > seconds * 1000 + 100_000);
        for (; !isEnough(); walks++) if (await read()) consistent++;
        console.log(`      ${walks} walks, of which ${consistent} were consistent`);
        assert.ok(vm.running, 'the VM has ended');
        assert.ok(consistent >= 5, 'too few walks were consistent to say anything');
    }

    it('memslots are those of one state', async () => {
        await start(200, 1000);
        await torture(() => {
            const { consistent, memslots } = vmm.readVm(vm.fd) ?? assert.fail('the VM has gone');
            if (!consistent) return false;
            const slots = Array.from({ length: memslots.count }, (_, index) => ({
                id: memslots.ids[index] ?? -1,
                flags: (memslots.flags[index] ?? 0) & userFlags,
                gfn: memslots.gfns[index] ?? 0,
                pages: memslots.pages[index] ?? 0,
            }));
            const state = slotsKey(slots, true);
            assert.ok(vm.memslots.states.has(state), `these memslots were never there together: ${state}`);
            return true;
        });
    });

    it('attributes are those of one state', async () => {
        await start(30, 20_000);
        await torture(async () => {
            const place = { id: 'the VM', process: vmm, fd: vm.fd };
            const { consistent, layer } = await walkAttributes(place, 0, changingPages, [], new Pace(new AbortController().signal));
            if (!consistent) return false;
            const ranges = Array.from(layer.first, (gfn, index) => ({ gfn, pages: layer.pages[index] ?? 0 }));
            const state = rangesKey(ranges);
            assert.ok(vm.attributes.states.has(state), `these pages were never private together: ${state}`);
            return true;
        });
    });

    it('maps are of memslots of one state and attributes of one state', async () => {
        await start(30, 1_000_000);
        const agent = new AgentProcess();
        const readMap = () => agent.request('map', { vm: `${vm.pid}:${vm.fd}`, addressSpace: 0 });
        await readMap(); // The first one loads the BPF programs.
        await torture(async () => {
            const map = await readMap();
            if (!map.consistent) return false;
            const { slots, ranges } = partsOf(unpackPageRuns(map.runs));
            assert.ok(vm.memslots.statesWithoutFlags.has(slotsKey(slots, false)), 'these memslots were never there together');
            assert.ok(vm.attributes.states.has(rangesKey(ranges)), `these pages were never private together: ${rangesKey(ranges)}`);
            return true;
        });
        assert.equal(await agent.end(), 0);
    });
});

/** The memslots and the private ranges, also across memslots, that a map's runs make up. */
function partsOf(runs: PageRuns) {
    const slots: { id: number; flags: number; gfn: number; pages: number }[] = [];
    const ranges: { gfn: number; pages: number }[] = [];
    for (let index = 0; index < runs.count; index++) {
        const [gfn = 0, pages = 0, id = 0] = [runs.gfns[index], runs.pages[index], runs.memslots[index]];
        const slot = slots.at(-1);
        if (slot?.id === id && slot.gfn + slot.pages === gfn) slot.pages += pages;
        else if (id >= 0) slots.push({ id, flags: 0, gfn, pages });
        if (!isPrivate(runs.states[index] ?? 0)) continue;
        const range = ranges.at(-1);
        if (range !== undefined && range.gfn + range.pages === gfn) range.pages += pages;
        else ranges.push({ gfn, pages });
    }
    return { slots, ranges };
}
