/** Replays of a VM with private memory that changes as fast as it can, beside what the VM was at quiet moments meanwhile. */
import assert from 'node:assert/strict';
import type { OpenedMap } from '../../src/common/openedMap';
import { ChangingMemory } from '../support/changingMemory';
import { makeRandomIntegers, seed } from '../support/random';
import { readLiving, readReplayed, type Replayed } from '../support/replayedMaps';
import { requireKvm, requireRoot } from '../support/requirements';
import { suiteAgent } from '../support/suiteAgent';
import { until } from '../support/until';

/** Quiet moments, and the least events before each. */
const moments = Number(process.env['GUESTMEM_REPLAY_MOMENTS'] ?? 4);
const eventsBetween = 200;

describe(`replaying a VM whose memslots, attributes and guest_memfd change without pause (seed ${seed})`, () => {
    const random = makeRandomIntegers();
    const agent = suiteAgent();
    let vm: ChangingMemory | undefined;
    before(function () {
        requireRoot(this);
        requireKvm(this);
    });
    afterEach(() => vm?.stop());

    it('comes to the memslots, attributes and allocated pages that the VM had: at the end, and at times in between', async () => {
        vm = await ChangingMemory.start(random, 30, 300_000, true);
        const id = `${vm.pid}:${vm.fd}`;
        const { recording } = await agent().request('startRecording', { vm: id });
        const stateOf = () => agent().request('recordingState', { recording });
        const seen: { readonly time: number; readonly living: Replayed }[] = [];
        for (let events = 0; seen.length < moments; ) {
            vm.resume();
            await until('there are more events', async () => (await stateOf()).events >= events + eventsBetween);
            await vm.halt();
            const { now, ...state } = await stateOf();
            events = state.events;
            seen.push({ time: now, living: await readLiving(agent(), id) });
        }
        const stopped = await agent().request('stopRecording', { recording });
        assert.equal(stopped.lost, 0);
        assert.ok(vm.running, 'the VM has ended');
        // Of no use if nothing had changed between; the changes go round, so that two moments may be alike.
        assert.ok(new Set(seen.map(({ living }) => living.slots.join())).size > 1, 'no memslot changed');
        assert.ok(new Set(seen.map(({ living }) => living.pages.join())).size > 1, 'no page changed');

        const last = seen.at(-1) ?? assert.fail();
        let opened: OpenedMap = await agent().request('openReplay', { recording, addressSpace: 0, time: last.time });
        assert.equal(opened.origin, 'replay');
        const inTurn = [last, ...Array.from({ length: 2 * moments }, () => seen[random(seen.length)] ?? assert.fail())];
        for (const { time, living } of inTurn) {
            const moved = await agent().request('moveReplay', { map: opened.map, time, generation: opened.generation });
            if (moved.changed) opened = moved.opened;
            assert.deepEqual(await readReplayed(agent(), opened), living, `at ${time}`);
        }
        await agent().request('closeMap', { map: opened.map });
        await agent().request('closeRecording', { recording });
    });
});
