/** Recordings that an agent holds, beside what the VMM did meanwhile; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import type { AgentMethod } from '../../src/common/agentProtocol';
import type { EventFilter, RecordingHandle } from '../../src/common/eventMethods';
import { compileFixture } from '../native/fixtures';
import { AgentProcess } from '../support/agentProcess';
import { guestmemJson } from '../support/guestmem';
import { hex, page, startOf } from '../support/pages';
import { requireKvm, requireRoot } from '../support/requirements';
import { suiteBusyVmm } from '../support/suiteBusyVmm';
import { everything, suiteRecordings } from '../support/suiteRecordings';
import { suiteVmm } from '../support/suiteVmm';
import { suiteTwoVms } from '../support/twoVms';
import { until } from '../support/until';
import { ofKind } from '../support/watching';

describe('recording a VM', () => {
    const vmm = suiteVmm(['--gmem', '1M']);
    const { agent, start, stop, list } = suiteRecordings();

    it('records what the VMM does, until it is told to stop', async () => {
        const { id, gpa, size, hva } = vmm().memslot('anonymous');
        const begun = await start(vmm().id);
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
        const { recording } = await start(vmm().id);
        await vmm().setDirtyLogging(slot.id, true);
        await vmm().setDirtyLogging(slot.id, false);
        await until('the events are held', async () => (await agent().request('recordingState', { recording })).events >= 2);
    });

    it('has at once what happened before it is asked: in lists, counts, explanations and findings', async () => {
        const slot = vmm().memslot('anonymous');
        const { recording, since } = await start(vmm().id);
        const filter: EventFilter = { ...everything, kinds: ['memslot'] };
        // One in each round, so that none gets what another one has taken.
        const waysToRead = [
            async () => (await list(recording, filter)).total,
            async () => {
                const { counts } = await agent().request('countEvents', { recording, filter, from: since, to: since + 600e6, buckets: 1 });
                return new Uint32Array(Uint8Array.from(counts).buffer)[0];
            },
            async (round: number) => {
                const { changes } = await agent().request('explain', { vm: vmm().id, addressSpace: 0, gpa: slot.gpa });
                // It tells the last five.
                return round - Math.min(round, 5) + changes.filter(({ source }) => source === 'recording').length;
            },
        ];
        let round = 0;
        for (let turn = 0; turn < 10; turn++) {
            for (const read of waysToRead) {
                await vmm().setDirtyLogging(slot.id, ++round % 2 === 1);
                assert.equal(await read(round), round);
            }
        }
        for (let free = 200; free < 205; free++) {
            assert.ok((await vmm().setMemslot(free, 0, 1n << 40n, 0n, 0n)) !== null, 'KVM removed a memslot that is none');
            const { findings } = await agent().request('findings', { vm: vmm().id });
            assert.equal(findings.filter(({ kind, memslot }) => kind === 'rejected-memslot' && memslot === free).length, 1);
        }
    });

    it('finds events of HVAs and guest_memfds by the guest physical address that they are behind', async () => {
        const anonymous = vmm().memslot('anonymous', 1);
        const bound = vmm().report.memslots.find(({ guestMemfd, size }) => guestMemfd !== null && size === '0x100000') ?? assert.fail('no --gmem');
        const { recording } = await start(vmm().id);
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

    it('counts what happened, in parts of the time', async () => {
        const { id } = vmm().memslot('anonymous');
        const { recording, since } = await start(vmm().id);
        await vmm().setDirtyLogging(id, true);
        await vmm().setDirtyLogging(id, false);
        const { now } = await stop(recording);
        const { events } = await list(recording, { kinds: ['memslot'] });
        const times = events.map(({ time }) => Date.parse(time) * 1000);
        assert.ok(times.every((time) => time + 1000 > since && time <= now));
        const filter: EventFilter = { ...everything, kinds: ['pages-added', 'memslot'] };
        const { kinds, buckets, counts } = await agent().request('countEvents', { recording, filter, from: since, to: now + 1, buckets: 10 });
        assert.deepEqual([kinds, buckets, counts.length], [filter.kinds, 10, 2 * 10 * 4]);
        const numbers = new Uint32Array(Uint8Array.from(counts).buffer);
        assert.equal(numbers.subarray(0, 10).reduce((sum, count) => sum + count), 0);
        assert.equal(numbers.subarray(10).reduce((sum, count) => sum + count), 2);
        const wrong = { recording, filter: { ...everything, kinds: ['no-such'] }, first: 0, most: 1 };
        await assert.rejects(agent().send('listEvents', wrong), { code: 'usage', message: /no-such.* is no kind of event/ });
    });

    it('leaves nothing attached to the kernel when it ends', async () => {
        const attached = () =>
            readdirSync(`/proc/${agent().child.pid ?? 0}/fd`).filter((fd) => readlinkSync(`/proc/${agent().child.pid ?? 0}/fd/${fd}`).includes('bpf_link'));
        const { recording } = await start(vmm().id);
        assert.ok(attached().length > 0, 'nothing is attached while it records');
        await stop(recording);
        assert.deepEqual(attached(), []);
    });

    it('holds eight at most, and none under a number that it did not give', async () => {
        const begun = [];
        for (let i = 0; i < 8; i++) begun.push(await start(vmm().id));
        await assert.rejects(start(vmm().id), { code: 'unsupported', message: /8 are held/ });
        const recording = Math.max(...begun.map(({ recording }) => recording)) + 1;
        await assert.rejects(agent().request('recordingState', { recording }), { code: 'usage' });
    });

    it('is refused for a VM that is none, and then holds nothing', async () => {
        await assert.rejects(start(String(process.pid)), { code: 'not-a-vmm' });
    });
});

describe('recording a VM that ends', () => {
    const { agent, start, stop, list } = suiteRecordings();
    let child: ChildProcess | undefined;
    before(function () {
        requireKvm(this);
        requireRoot(this);
    });
    afterEach(() => child?.kill('SIGKILL'));

    /** Its first VM. */
    async function startVmm(): Promise<string> {
        child = spawn('setpriv', ['--pdeathsig', 'KILL', compileFixture('one_vm_after_another.c')], { stdio: ['pipe', 'pipe', 'inherit'] });
        const [line] = (await once(child.stdout ?? assert.fail(), 'data')) as [Buffer];
        return `${child.pid ?? 0}:${line.toString().trim()}`;
    }

    const endOf = (recording: RecordingHandle) =>
        until('the recording has noticed it', async () => (await agent().request('recordingState', { recording })).state === 'vm-ended');

    it('says so when the process goes on with another VM, even at the same file descriptor', async () => {
        const vm = await startVmm();
        const { recording } = await start(vm);
        child?.stdin?.write('\n');
        await endOf(recording);
        assert.equal((await stop(recording)).state, 'vm-ended');
        await list(recording);
    });

    it('says so when the process ends', async () => {
        const { recording } = await start(await startVmm());
        child?.kill('SIGKILL');
        await endOf(recording);
    });
});

describe('recording one of two VMs of a process', () => {
    const { start, stop, list } = suiteRecordings();
    const vms = suiteTwoVms();

    it('tells which guest_memfd is bound to a new memslot, and finds its pages by guest physical address from then on', async () => {
        const [inode] = vms().report.inodes;
        const { recording } = await start(vms().idOf(0));
        const { hva } = await vms().tell('bind 0');
        await vms().tell('bind 1');
        await guestmemJson(['allocate', vms().idOf(0), '0x201000+0x1000', '--yes']);
        await stop(recording);
        const { events } = await list(recording, { range: { gpa: '0x201000', size: '0x1000' } });
        const slots = ofKind(events, 'memslot').map(({ memslot, gpa, hva, flags, guestMemfd }) => ({ memslot, gpa, hva, flags, guestMemfd }));
        assert.deepEqual(slots, [{ memslot: 1, gpa: '0x200000', hva, flags: ['guest-memfd'], guestMemfd: { inode, offset: '0x3000' } }]);
        assert.deepEqual(ofKind(events, 'pages-added').map(({ inode, offset }) => ({ inode, offset })), [{ inode, offset: '0x4000' }]);
    });

    it('tells the attempt to convert pages of its guest_memfd, and what the kernel answered', async () => {
        const [inode] = vms().report.inodes;
        const { recording } = await start(vms().idOf(0));
        const { errno } = await vms().tell('convert 0');
        await vms().tell('convert 1');
        await stop(recording);
        const { events } = await list(recording, { kinds: ['guest-memfd-attributes'] });
        const [error = null] = Object.entries(constants.errno).filter(([, number]) => number === errno).map(([name]) => name);
        assert.deepEqual(ofKind(events, 'guest-memfd-attributes').map(({ inode, offset, size, to, error, thread }) => ({ inode, offset, size, to, error, thread })), [
            { inode, offset: '0x2000', size: '0x1000', to: 'private', error, thread: vms().report.pid },
        ]);
    });
});

describe('recording a VM that makes more events than there is room for while the agent cannot take them', () => {
    const { agent, start, list } = suiteRecordings();
    const vmm = suiteBusyVmm();

    it('tells of each time when that was, and how many found no room', async () => {
        // The ring holds some 160,000.
        const calls = 300_000;
        const { recording } = await start(vmm().id);
        const stateOf = () => agent().request('recordingState', { recording });
        const stopped: { readonly from: number; readonly to: number; readonly lost: number }[] = [];
        for (let round = 0; round < 2; round++) {
            // All before is taken in, and there was a look since.
            await list(recording, {}, 0, 0);
            const before = await stateOf();
            agent().child.kill('SIGSTOP');
            await vmm().tell(`calls ${calls}`);
            agent().child.kill('SIGCONT');
            const { total } = await list(recording, { kinds: ['memslot'] }, 0, 0);
            const { now, lost } = await stateOf();
            assert.equal(total + lost, (round + 1) * calls);
            stopped.push({ from: before.now, to: now, lost: lost - before.lost });
        }
        const { losses } = await stateOf();
        assert.deepEqual(losses.map(({ events }) => events), stopped.map(({ lost }) => lost));
        assert.ok(losses.every(({ events }) => events > 0));
        for (const [i, { from, to }] of losses.entries()) {
            const during = stopped[i] ?? assert.fail();
            assert.ok(from <= to && to >= during.from && from <= during.to && to <= during.to, JSON.stringify({ losses, stopped }));
        }
    });
});

describe('the agent, while it records a VM that makes as many events as it can', () => {
    const vmm = suiteBusyVmm();
    let vm = '';
    before(() => {
        vm = vmm().id;
        // Longer than the tests may take.
        vmm().begin('pages 3600 1');
    });

    const under: Readonly<Record<string, (recording: RecordingHandle, now: number) => readonly [method: AgentMethod, params: object]>> = {
        'the start of another recording': () => ['startRecording', { vm }],
        'its first replay': (recording, now) => ['openReplay', { recording, addressSpace: 0, time: now }],
        'a replay of what is not recorded yet': (recording, now) => ['openReplay', { recording, addressSpace: 0, time: now + 500_000 }],
        'a filter': (recording) => ['listEvents', { recording, filter: { ...everything, range: { gpa: '0x0', size: '0x1000' } }, first: 0, most: 100 }],
        'a count': (recording, now) => ['countEvents', { recording, filter: { ...everything, failed: true }, from: 0, to: now, buckets: 1000 }],
        'the stop of the recording': (recording) => ['stopRecording', { recording }],
    };

    for (const [what, request] of Object.entries(under)) {
        it(`ends with its stdin amid ${what}`, async () => {
            const agent = new AgentProcess();
            const { recording } = await agent.request('startRecording', { vm });
            const state = () => agent.request('recordingState', { recording });
            await until('there is something to look at', async () => (await state()).events > 100_000);
            const [method, params] = request(recording, (await state()).now);
            const unanswered = agent.send(method, params).catch(() => undefined);
            assert.equal(await agent.end(), 0);
            assert.equal(await agent.complaints, '');
            await unanswered;
        });
    }
});
