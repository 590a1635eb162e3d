/** Replays of the demo VMM's memslots and guest_memfd, beside what the VM was meanwhile; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { hex, page, startOf } from '../support/pages';
import { makeRandomIntegers } from '../support/random';
import { readLiving, readReplayed, type Replayed } from '../support/replayedMaps';
import { suiteAgent } from '../support/suiteAgent';
import { suiteVmm } from '../support/suiteVmm';

describe('replaying a VM', () => {
    const vmm = suiteVmm(['--gmem', '1M']);
    const agent = suiteAgent();
    const gmemSlot = () => vmm().report.memslots.find(({ guestMemfd, size }) => guestMemfd !== null && size === '0x100000') ?? assert.fail('no --gmem');
    const record = () => agent().request('startRecording', { vm: vmm().id });
    const allocate = (kind: 'allocate' | 'punch', first: number, pages: number) =>
        agent().request('change', {
            vm: vmm().id,
            change: { kind, ranges: [{ gpa: hex(startOf(gmemSlot()) + BigInt(first) * page), size: hex(BigInt(pages) * page) }] },
            dryRun: false,
        });

    it('shows the memslots and the pages of guest_memfds as they were, whichever time is asked for', async () => {
        const random = makeRandomIntegers();
        const { recording } = await record();
        const { id } = vmm().memslot('anonymous');
        const seen: { readonly time: number; readonly living: Replayed }[] = [];
        for (let round = 0; round < 6; round++) {
            await allocate('allocate', random(128), 1 + random(100));
            await allocate('punch', random(200), 1 + random(50));
            await vmm().setDirtyLogging(id, round % 2 === 0);
            const living = await readLiving(agent(), vmm().id);
            seen.push({ time: (await agent().request('recordingState', { recording })).now, living });
        }
        const first = seen[0] ?? assert.fail();
        let opened = await agent().request('openReplay', { recording, addressSpace: 0, time: first.time });
        assert.deepEqual([opened.origin, opened.consistent], ['replay', true]);
        for (const index of [0, 5, 2, 3, 3, 1, 4, 0]) {
            const { time, living } = seen[index] ?? assert.fail();
            const moved = await agent().request('moveReplay', { map: opened.map, time, generation: opened.generation });
            if (moved.changed) opened = moved.opened;
            assert.deepEqual(await readReplayed(agent(), opened), living, `round ${index}`);
        }
        await agent().request('closeMap', { map: opened.map });
        await agent().request('closeRecording', { recording });
    });

    it('tells what differs between two times, by extents and in a comparison, and is saved', async () => {
        const { recording, since } = await record();
        await allocate('punch', 0, 256);
        const before = (await agent().request('recordingState', { recording })).now;
        await allocate('allocate', 16, 8);
        const after = (await agent().request('stopRecording', { recording })).now;
        const open = (time: number) => agent().request('openReplay', { recording, addressSpace: 0, time });
        const earlier = await open(before);
        const later = await open(before);
        const moved = await agent().request('moveReplay', { map: later.map, time: after, generation: later.generation });
        const start = Number(startOf(gmemSlot()) / page) + 16;
        assert.ok(moved.changed);
        assert.deepEqual(moved.extents, [{ start, end: start + 8 }]);
        assert.match(moved.opened.takenAt, /^\d{4}-.*\.\d{6}Z$/);

        const compared = await agent().request('compareMaps', { before: earlier.map, after: later.map });
        assert.deepEqual([compared.origin, compared.comparedWith], ['comparison', earlier.takenAt]);
        const kept = await agent().request('keepMap', { map: later.map });
        assert.deepEqual([kept.origin, kept.takenAt], ['kept', moved.opened.takenAt]);
        const saved = await agent().request('saveMap', { map: later.map, redact: false, from: 0 });
        const loaded = await agent().request('openSnapshot', { upload: null, part: saved.bytes, last: saved.next === null, addressSpace: null });
        assert.deepEqual(loaded.opened?.unknown, moved.opened.unknown);
        assert.deepEqual(loaded.opened.totals, moved.opened.totals);

        await assert.rejects(open(since - 1e6), /tells of the time from .* Pick a time in between/);
        await assert.rejects(open(after + 60e6), /tells of the time from/);
        const noReplay = agent().request('moveReplay', { map: kept.map, time: after, generation: kept.generation });
        await assert.rejects(noReplay, /Only a map that is replayed/);
    });
});
