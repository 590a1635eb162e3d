/** When a map is given again: a VM without memory, of which only the stamps change. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { VmStamps } from '../../../native/index';
import { KeptMaps } from '../../../src/agent/pages/keptMaps';
import { Pace } from '../../../src/agent/pace';
import type { OpenVm } from '../../../src/agent/discovery/vmDirectory';

const pace = new Pace(new AbortController().signal);
const none = new Float64Array();

/** A VM whose stamps are what `read` gives at the time. */
function vmWith(read: () => VmStamps | null, identity = 1): OpenVm {
    const memslots = {
        count: 0,
        addressSpaces: new Uint16Array(),
        ids: new Int16Array(),
        gfns: none,
        pages: none,
        hvas: new BigUint64Array(),
        flags: new Uint32Array(),
        gmemInodes: none,
        gmemPages: none,
    };
    const record = {
        vm: identity,
        ownedByProcess: false,
        type: 0,
        hasPrivateMemory: false,
        hasAttributeStore: false,
        addressSpaces: 2,
        vcpus: 0,
        dirtyRingSize: 0,
        memslots,
        consistent: true,
    };
    const process_ = {
        pid: process.pid,
        kvmFiles: () => [],
        readVm: () => record,
        readGuestMapping: () => ({ problem: 'shadow' }),
        readStamps: read,
    };
    return { id: `1:${identity}`, fd: 0, identity, process: process_, otherHolders: [], record, convertsInPlace: false } as unknown as OpenVm;
}

const stamps = (counter: bigint, quiet = true, vm = 1): VmStamps => ({ vm, counters: BigUint64Array.of(counter), quiet });
const still = vmWith(() => stamps(1n));

describe('kept page maps', () => {
    const ask = (maps: KeptMaps, vm: OpenVm, addressSpace = 0, accessed = false) => maps.read(vm, addressSpace, null, accessed, pace);
    /** Whether the second of two requests is answered with the first one's map. */
    const isKept = async (vm: OpenVm, accessed = false) => {
        const maps = new KeptMaps();
        return (await ask(maps, vm, 0, accessed)) === (await ask(maps, vm, 0, accessed));
    };

    it('are given again while the stamps stand still', async () => {
        assert.equal(await isKept(still), true);
    });

    it('are read where there are no stamps, where they move, where a change is under way', async () => {
        let counter = 0n;
        assert.equal(await isKept(vmWith(() => null)), false);
        assert.equal(await isKept(vmWith(() => stamps(counter++))), false);
        assert.equal(await isKept(vmWith(() => stamps(1n, false))), false);
    });

    it('are read again once the stamps have moved, and kept anew', async () => {
        let counter = 1n;
        const vm = vmWith(() => stamps(counter));
        const maps = new KeptMaps();
        const first = await ask(maps, vm);
        counter = 2n;
        const second = await ask(maps, vm);
        assert.notEqual(second, first);
        assert.equal(await ask(maps, vm), second);
    });

    it('are not those of another VM or address space', async () => {
        const maps = new KeptMaps();
        const first = await ask(maps, still);
        assert.notEqual(await ask(maps, still, 1), first);
        assert.notEqual(await ask(maps, vmWith(() => stamps(1n, true, 2), 2)), first);
        assert.equal(await ask(maps, still), first);
    });

    it('are never those with what the processor notes', async () => {
        assert.equal(await isKept(still, true), false);
    });

    it('are four at most: the oldest goes', async () => {
        const maps = new KeptMaps();
        const first = await ask(maps, still);
        for (let identity = 2; identity <= 4; identity++) await ask(maps, vmWith(() => stamps(1n, true, identity), identity));
        assert.equal(await ask(maps, still), first);
        await ask(maps, vmWith(() => stamps(1n, true, 5), 5));
        assert.notEqual(await ask(maps, still), first);
    });

    it('end after some seconds', async () => {
        mock.timers.enable({ apis: ['setTimeout'] });
        try {
            const maps = new KeptMaps();
            const first = await ask(maps, still);
            mock.timers.tick(4_000);
            assert.equal(await ask(maps, still), first);
            mock.timers.tick(30_000);
            assert.notEqual(await ask(maps, still), first);
        } finally {
            mock.timers.reset();
        }
    });
});
