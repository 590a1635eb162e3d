/** Conversions of a VM whose VMM a debugger holds, through that debugger: what KVM has afterwards, and what the guest reads. */
import assert from 'node:assert/strict';
import { unpackPageRuns } from '../../src/common/packedRuns';
import { GuestmemError } from '../../src/common/errors';
import { pageRunAt } from '../../src/common/pageRuns';
import { AgentProcess } from '../support/agentProcess';
import { suiteChangeLog } from '../support/changeLog';
import { GdbSession, requireDebugAdapter } from '../support/gdbSession';
import { hex, page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { requireTracepoint, Tracepoint } from '../support/tracepoint';

describe('convert: a VMM that a debugger holds', () => {
    const vmm = suiteVmm(['--type', 'sw-protected']);
    const log = suiteChangeLog();
    const event = 'kvm/kvm_vm_set_mem_attributes';
    let gdb: GdbSession;
    let agent: AgentProcess;
    before('attach gdb', async function () {
        const path = requireDebugAdapter(this);
        requireTracepoint(this, event);
        await vmm().setPaused(true);
        await vmm().write(gpa(), 0x5a);
        gdb = await GdbSession.attach(path, vmm().report.pid);
        agent = new AgentProcess(undefined, undefined, { XDG_STATE_HOME: log().folder });
        gdb.answer(agent);
    });
    after('end the agent', () => agent.end());

    const gpa = () => startOf(vmm().memslot('guest_memfd', 1)) + 16n * page;
    const range = (pages: bigint, at = gpa()) => ({ gpa: hex(at), size: hex(pages * page) });
    /** Of the eight pages from gpa() on. */
    const attributes = async () => {
        const { runs } = await agent.request('map', { vm: vmm().id, addressSpace: 0, range: range(8n) });
        const columns = unpackPageRuns(runs);
        return Array.from({ length: columns.count }, (_, index) => pageRunAt(columns, index)).flatMap(({ attribute, size }) =>
            Array.from({ length: Number(BigInt(size) / page) }, () => attribute[0]),
        ).join('');
    };

    it('are made by one call for each piece, and undone', async () => {
        assert.equal(await attributes(), 'ssssssss');
        const calls = new Tracepoint(event);
        const report = await agent.request('convert', { vm: vmm().id, range: range(2n), to: 'private', dryRun: false, debugger: true });
        assert.equal(calls.finish().length, 1);
        assert.deepEqual([report.executor, report.pagesChanged], ['debugger', 2]);
        assert.equal(await attributes(), 'ppssssss');

        const undone = await agent.request('undo', { vm: vmm().id, dryRun: false, debugger: true });
        assert.deepEqual([undone.executor, undone.pagesChanged], ['debugger', 2]);
        assert.equal(await attributes(), 'ssssssss');
    });

    it('that end with the debugger in the middle tell exactly what was done; the VMM goes on', async () => {
        const first = range(1n);
        const second = range(1n, gpa() + 4n * page);
        let calls = 0;
        gdb.answer(agent, async (make) => {
            if (++calls === 1) return make();
            await gdb.detach();
            return { kind: 'refused', reason: 'The debug session has ended.' };
        });
        const runs = [first, second].map((run) => ({ ...run, attribute: 'private' as const }));
        const change = agent.request('change', { vm: vmm().id, change: { kind: 'restore', runs }, dryRun: false, debugger: true });
        const error: unknown = await change.then(() => assert.fail('both were done'), (thrown: unknown) => thrown);
        assert(error instanceof GuestmemError, String(error));
        assert.equal(error.code, 'partial-change');
        assert.match(error.message, /after 1 of 2 pages: .*The debug session has ended/);
        assert.deepEqual(error.data['done'], [first]);
        assert.equal(await attributes(), 'psssssss');
        assert.equal((await vmm().read(gpa())).value, 0, 'it runs, and the guest reads the private page');

        const undone = await agent.request('undo', { vm: vmm().id, dryRun: false });
        assert.deepEqual([undone.executor, undone.pagesChanged], ['inject', 1]);
        assert.equal((await vmm().read(gpa())).value, 0x5a);
    });
});
