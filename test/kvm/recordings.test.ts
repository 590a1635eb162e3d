/** Recordings that an agent holds, beside what the VMM did meanwhile; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import type { EventFilter, RecordingHandle, RecordingState } from '../../src/common/eventMethods';
import { hex, page, startOf } from '../support/pages';
import { suiteAgent } from '../support/suiteAgent';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { ofKind } from '../support/watching';

const everything: EventFilter = { kinds: null, range: null, failed: false, times: null };

describe('recording a VM', () => {
    const vmm = suiteVmm(['--gmem', '1M']);
    const agent = suiteAgent();
    let open: RecordingHandle[] = [];

    async function start(): Promise<RecordingState> {
        const state = await agent().request('startRecording', { vm: vmm().id });
        open.push(state.recording);
        return state;
    }

    const stop = (recording: RecordingHandle) => agent().request('stopRecording', { recording });

    const list = (recording: RecordingHandle, filter: Partial<EventFilter> = {}, first = 0, most = 10_000) =>
        agent().request('listEvents', { recording, filter: { ...everything, ...filter }, first, most });

    afterEach('close the recordings', async () => {
        for (const recording of open) await agent().request('closeRecording', { recording });
        open = [];
    });

    it('records what the VMM does, until it is told to stop', async () => {
        const { id, gpa, size, hva } = vmm().memslot('anonymous');
        const begun = await start();
        assert.equal(begun.state, 'recording');
        assert.ok(begun.since <= begun.now);
        await vmm().setDirtyLogging(id, true);
        await vmm().setDirtyLogging(id, false);
        const stopped = await stop(begun.recording);
        assert.equal(stopped.state, 'stopped');
        assert.equal(stopped.lost, 0);
        await vmm().setDirtyLogging(id, true);
        await vmm().setDirtyLogging(id, false);

        const { events, total } = await list(begun.recording, { kinds: ['memslot'] });
        const common = { memslot: id, gpa, size, hva, error: null, thread: vmm().report.pid, guestMemfd: null };
        assert.deepEqual(
            ofKind(events, 'memslot').map(({ memslot, gpa, size, hva, flags, error, thread, guestMemfd }) => ({ memslot, gpa, size, hva, flags, error, thread, guestMemfd })),
            [
                { ...common, flags: ['log-dirty-pages'] },
                { ...common, flags: [] },
            ],
        );
        assert.equal(total, 2);
        const now = await agent().request('recordingState', { recording: begun.recording });
        assert.deepEqual({ ...now, now: 0 }, { ...stopped, now: 0 });
    });

    it('follows by itself, without being asked', async () => {
        const slot = vmm().memslot('anonymous');
        const { recording } = await start();
        await vmm().setDirtyLogging(slot.id, true);
        await vmm().setDirtyLogging(slot.id, false);
        await until('the events are held', async () => (await agent().request('recordingState', { recording })).events >= 2);
    });

    it('finds events of HVAs and guest_memfds by the guest physical address that they are behind', async () => {
        const anonymous = vmm().memslot('anonymous', 1);
        const bound = vmm().report.memslots.find(({ guestMemfd, size }) => guestMemfd !== null && size === '0x100000') ?? assert.fail('no --gmem');
        const { recording } = await start();
        await vmm().changeHostMemory(startOf(anonymous) + 2n * page, page, 'touch');
        await vmm().changeHostMemory(startOf(anonymous) + 2n * page, page, 'drop');
        const allocation = { kind: 'allocate', ranges: [{ gpa: hex(startOf(bound) + 8n * page), size: '0x4000' }] } as const;
        await agent().request('change', { vm: vmm().id, change: allocation, dryRun: false });
        await agent().request('undo', { vm: vmm().id, dryRun: false });
        await stop(recording);

        const at = (gpa: bigint, size = page) => list(recording, { range: { gpa: hex(gpa), size: hex(size) } });
        const taken = ofKind((await at(startOf(anonymous) + 2n * page)).events, 'unmapped');
        assert.ok(taken.length > 0, 'nothing was taken back there');
        for (const { hva, size } of taken) {
            const wanted = BigInt(anonymous.hva) + 2n * page;
            assert.ok(BigInt(hva) <= wanted && wanted < BigInt(hva) + BigInt(size));
        }
        const inBound = (await at(startOf(bound) + 8n * page, 4n * page)).events;
        assert.equal(ofKind(inBound, 'allocate').length, 1);
        assert.equal(ofKind(inBound, 'punch').length, 1);
        assert.equal(ofKind(inBound, 'unmapped').filter(({ hva }) => taken.some((event) => event.hva === hva)).length, 0);
        assert.deepEqual(ofKind((await at(startOf(bound) + 12n * page)).events, 'pages-added'), []);
    });
});
