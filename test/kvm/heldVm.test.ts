/** VMs that live on when their VM fd is closed: who keeps one is told, and looking never does. Needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GuestmemError } from '../../src/common/errors';
import type { PageMap, VmDetails, VmList, VmSummary } from '../../src/common/model';
import { AgentProcess } from '../support/agentProcess';
import { guestmem, guestmemError, guestmemJson } from '../support/guestmem';
import { HeldVm, requireHeldVm } from '../support/heldVm';
import { suiteAgent } from '../support/suiteAgent';

/** The VMs that these processes hold. */
async function vmsOf({ report }: HeldVm, ...others: number[]): Promise<Pick<VmSummary, 'id' | 'heldBy' | 'holders'>[]> {
    const pids = [report.pid, report.receiver, ...others];
    const { vms } = await guestmemJson<VmList>(['vms']);
    return vms.filter(({ pid }) => pids.includes(pid)).map(({ id, heldBy, holders }) => ({ id, heldBy, holders }));
}

describe('a VM whose VM fd is closed', () => {
    let vm: HeldVm;
    before(function () {
        requireHeldVm(this);
    });
    beforeEach(async () => (vm = await HeldVm.start(16)));
    afterEach(() => vm.end());

    it('is listed at its vCPU’s fd, and shown and mapped as before', async () => {
        const { pid, vm: vmFd, vcpu } = vm.report;
        await vm.tell('allocate 4 2');
        const before = await guestmemJson<PageMap>(['map', `${pid}:${vmFd}`]);
        await vm.tell('close vm');
        const id = `${pid}:${vcpu}`;
        assert.deepEqual(await vmsOf(vm), [{ id, heldBy: 'vcpu', holders: [] }]);
        const after = await guestmemJson<PageMap>(['map', id]);
        assert.deepEqual(after.runs, before.runs);
        assert.ok(after.runs.some(({ gmemBacking }) => gmemBacking.state === 'allocated'));
        const { vm: summary, guestMemfds, vcpus } = await guestmemJson<VmDetails>(['show', String(pid)]);
        assert.equal(summary.id, id);
        assert.equal(vcpus.length, 1);
        assert.deepEqual(guestMemfds.map(({ leaked }) => leaked), [false], 'the vCPU can still run');
        assert.equal((await guestmemJson<{ run: unknown }>(['explain', id, '0x10000'])).run !== undefined, true);
        assert.match((await guestmem(['vms'])).stdout, new RegExp(`\\b${id}\\b.*its vCPU`));
    });

    it('is listed at a guest_memfd’s fd, which is leaked then', async () => {
        const { pid, gmem } = vm.report;
        await vm.tell('allocate 4 2');
        await vm.tell('close vm');
        await vm.tell('close vcpu');
        assert.deepEqual(await vmsOf(vm), [{ id: `${pid}:${gmem}`, heldBy: 'guest_memfd', holders: [] }]);
        const { guestMemfds, addressSpaces } = await guestmemJson<VmDetails>(['show', `${pid}:${gmem}`]);
        assert.equal(addressSpaces[0]?.memslots.filter(({ internal }) => !internal).length, 1);
        assert.deepEqual(guestMemfds.map(({ leaked, allocated }) => ({ leaked, allocated })), [{ leaked: true, allocated: '0x2000' }]);
        assert.match((await guestmem(['show', String(pid)])).stdout, /is leaked: it takes 8 KiB, and nothing is left that could run/);
    });

    it('is listed under the process that a fd was passed to, when its own has ended: the HVA side is then unknown', async () => {
        const { receiver } = vm.report;
        await vm.tell('allocate 5 1');
        const { fd } = await vm.tell('pass gmem');
        for (const name of ['vm', 'vcpu', 'gmem']) await vm.tell(`close ${name}`);
        const id = `${receiver}:${fd}`;
        assert.deepEqual(await vmsOf(vm), [{ id, heldBy: 'guest_memfd', holders: [] }]);
        const map = await guestmemJson<PageMap>(['map', id]);
        assert.deepEqual(
            map.runs.map(({ gpa, size, gmemBacking, hvaBacking }) => [gpa, size, gmemBacking.state, hvaBacking.state]),
            [
                ['0x10000', '0x1000', 'absent', null],
                ['0x11000', '0x1000', 'allocated', null],
                ['0x12000', '0x2000', 'absent', null],
            ],
        );
        assert.ok(map.unknown.some(({ field, reason }) => field === 'hvaBacking' && reason.includes('only holds the VM')));
    });

    it('is found by a mapping of its vCPU, and what cannot be told then is said', async () => {
        const { pid } = vm.report;
        const { hva, pages } = await vm.tell('map vcpu');
        for (const name of ['vm', 'vcpu', 'gmem']) await vm.tell(`close ${name}`);
        const id = `${pid}:${hva}`;
        assert.deepEqual(await vmsOf(vm), [{ id, heldBy: 'mapping', holders: [] }]);
        const details = await guestmemJson<VmDetails>(['show', id]);
        assert.deepEqual([details.vm.id, details.vm.fd, details.vm.memory], [id, -1, null]);
        assert.ok(details.unknown.some(({ field, reason }) => field === 'addressSpaces' && reason.includes('only a mapping')));
        assert.equal((await guestmemJson<VmDetails>(['show', String(pid)])).vm.id, id, 'the bare pid means it, too');
        for (const words of [['map', id], ['explain', id, '0x10000'], ['convert', id, '0x10000+0x1000', 'private', '--yes']]) {
            const error = await guestmemError(words, 1);
            assert.equal(error.code, 'unsupported');
            assert.match(error.message, /only a mapping keeps it alive/);
        }
        await vm.tell(`unmap ${hva} ${pages}`);
        assert.deepEqual(await vmsOf(vm), []);
        assert.equal((await guestmemError(['show', id], 4)).code, 'not-a-vmm');
    });

    it('is found by a mapping that a child inherited', async () => {
        const { hva } = await vm.tell('map gmem 2 8');
        for (const name of ['vm', 'vcpu', 'gmem']) await vm.tell(`close ${name}`);
        const child = (await vm.tell('fork')).pid;
        assert.deepEqual((await vmsOf(vm, child)).map(({ id }) => id), [`${vm.report.pid}:${hva}`], 'the older process has it, too');
        await vm.tell(`unmap ${hva} 8`);
        assert.deepEqual((await vmsOf(vm, child)).map(({ id }) => id), [`${child}:${hva}`]);
    });

    it('shows what only a mapping keeps of a guest_memfd', async () => {
        const { pid, gmem } = vm.report;
        const { guestMemfds: [held] } = await guestmemJson<VmDetails>(['show', `${pid}:${vm.report.vm}`]);
        const { hva } = await vm.tell('map gmem 2 8');
        await vm.tell(`touch ${hva} 3`);
        for (const name of ['vm', 'vcpu', 'gmem']) await vm.tell(`close ${name}`);
        assert.ok(!existsSync(`/proc/${pid}/fd/${gmem}`));
        const { guestMemfds } = await guestmemJson<VmDetails>(['show', `${pid}:${hva}`]);
        assert.equal(guestMemfds.length, 1);
        const [shown] = guestMemfds;
        assert.deepEqual(
            [shown?.inode, shown?.size, shown?.fds, shown?.allocated, shown?.prepared, shown?.leaked],
            [held?.inode, '0x10000', [], '0x3000', '0x3000', true],
        );
        assert.deepEqual(shown?.hostMappings, [{ pid, hva, offset: '0x2000', size: '0x8000', rights: 'rw-' }]);
    });

    it('is not converted: the reason is given', async () => {
        const { pid, vcpu } = vm.report;
        await vm.tell('close vm');
        const error = await guestmemError(['convert', `${pid}:${vcpu}`, '0x10000+0x1000', 'private', '--yes'], 1);
        assert.equal(error.code, 'unsupported');
        assert.match(error.message, /no process holds a VM file descriptor of it any more/);
    });

    it('ends when nothing keeps it, although an agent looked at it all the time', async () => {
        const { pid, gmem } = vm.report;
        const agent = new AgentProcess();
        try {
            const { hva } = await vm.tell('map gmem 0 16');
            await vm.tell('close vm');
            await vm.tell('close vcpu');
            for (let round = 0; round < 3; round++) await agent.request('show', { vm: `${pid}:${gmem}` });
            await agent.request('map', { vm: `${pid}:${gmem}`, addressSpace: 0 });
            await vm.tell('close gmem');
            await agent.request('show', { vm: `${pid}:${hva}` });
            await vm.tell(`unmap ${hva} 16`);
            const listed = (await guestmemJson<VmList>(['vms'])).vms.map((summary) => summary.pid);
            assert.ok(!listed.includes(pid), 'its process keeps it');
            assert.ok(!listed.includes(agent.child.pid ?? 0), 'the agent keeps it');
        } finally {
            await agent.end();
        }
    });
});

describe('a VM that ends while it is looked at by another file than its own', () => {
    const agent = suiteAgent();
    before(function () {
        requireHeldVm(this);
    });

    /** Looks again and again, until that fails. */
    async function lookUntilItFails(id: string): Promise<GuestmemError> {
        for (let looks = 0; ; looks++) {
            try {
                const [details, list] = await Promise.all([agent().request('show', { vm: id }), agent().request('vms', {})]);
                assert.equal(details.guestMemfds.length, 1, `look ${looks}`);
                assert.deepEqual(list.unknown.filter(({ field }) => field === 'vms'), []);
            } catch (thrown) {
                if (thrown instanceof GuestmemError) return thrown;
                throw thrown;
            }
        }
    }

    for (const [kept, closed] of [['gmem', ['vm', 'vcpu']], ['mapping', ['vm', 'vcpu', 'gmem']]] as const) {
        it(`by its ${kept}: all of the answer, or that it ended`, async () => {
            for (let round = 0; round < 12; round++) {
                const vm = await HeldVm.start(1 << 14);
                const { hva } = await vm.tell('map gmem 0 16384');
                await vm.tell('allocate 0 16384');
                for (const name of closed) await vm.tell(`close ${name}`);
                const looking = lookUntilItFails(`${vm.report.pid}:${kept === 'mapping' ? hva : vm.report.gmem}`);
                await sleep(20 + round * 7);
                await vm.end();
                const { code, message } = await looking;
                assert.match(code, /^(no-such-process|no-such-vm|not-a-vmm)$/, message);
            }
        });
    }
});
