/** Changes to a VM whose VMM a debugger holds: through that debugger, as a window of VS Code would, or not at all. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { OtherChangeReport } from '../../src/common/change';
import { GuestmemError } from '../../src/common/errors';
import type { VmDetails } from '../../src/common/model';
import { readThreadIds } from '../../src/extension/debugging/debugRequests';
import { AgentProcess } from '../support/agentProcess';
import { suiteChangeLog } from '../support/changeLog';
import { DemoVmm, type DemoMemslot } from '../support/demoVmm';
import { GdbSession, requireDebugAdapter } from '../support/gdbSession';
import { guestmemError, guestmemJson } from '../support/guestmem';
import { startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

describe('changes: a VMM that a debugger holds', () => {
    const vmm = suiteVmm();
    const log = suiteChangeLog();
    let gdb: GdbSession;
    let agent: AgentProcess;
    let slot: DemoMemslot;
    before('attach gdb', async function () {
        gdb = await GdbSession.attach(requireDebugAdapter(this), vmm().report.pid);
        slot = vmm().memslot('memfd');
    });
    beforeEach(() => (agent = new AgentProcess(undefined, undefined, { XDG_STATE_HOME: log().folder })));
    afterEach(() => agent.end());

    const request = (dryRun = false, on = true) =>
        agent.request('change', {
            vm: vmm().id,
            change: { kind: 'log-dirty-pages', addressSpace: 0, memslot: slot.id, on },
            dryRun,
            debugger: true,
        }) as Promise<OtherChangeReport>;
    const logsDirtyPages = async () => {
        const { addressSpaces } = await guestmemJson<VmDetails>(['show', vmm().id]);
        return addressSpaces[0]?.memslots.find(({ id }) => id === slot.id)?.flags.includes('log-dirty-pages');
    };
    const refusal = async (change: Promise<unknown>) => {
        const thrown: unknown = await change.then(
            () => assert.fail('the change was made'),
            (error: unknown) => error,
        );
        assert(thrown instanceof GuestmemError, String(thrown));
        return thrown;
    };
    /** All registers of all threads, as gdb has them, and the whole vDSO. */
    const stateOfVmm = async () => {
        const registers = [];
        for (const threadId of await readThreadIds(gdb)) {
            const { stackFrames } = (await gdb.customRequest('stackTrace', { threadId, levels: 1 })) as { stackFrames: { id: number }[] };
            const frameId = stackFrames[0]?.id;
            registers.push(await gdb.customRequest('evaluate', { expression: 'info all-registers', context: 'repl', frameId }));
            registers.push(await gdb.customRequest('evaluate', { expression: 'print/x $orig_rax', context: 'repl', frameId }));
        }
        const [, start = '', end = ''] = /^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$/m.exec(readFileSync(`/proc/${vmm().report.pid}/maps`, 'utf8')) ?? [];
        const expression = `with print elements unlimited -- output/x *(unsigned char(*)[${parseInt(end, 16) - parseInt(start, 16)}])0x${start}`;
        return JSON.stringify([registers, await gdb.customRequest('evaluate', { expression, context: 'repl' })]).replace(/\$[0-9]+ =/g, '');
    };

    it('are refused without a debug session, and the process that holds the VMM is named', async () => {
        const held = await guestmemError(['log-dirty-pages', vmm().id, String(slot.id), 'on', '--yes'], 3);
        assert.equal(held.code, 'debugger-attached');
        const tracer = Number(/^TracerPid:\t([0-9]+)$/m.exec(readFileSync(`/proc/${vmm().report.pid}/status`, 'utf8'))?.[1]);
        assert.match(held.message, new RegExp(`process ${tracer} \\(${readFileSync(`/proc/${tracer}/comm`, 'utf8').trim()}.*Detach it`));
        assert.equal(await logsDirtyPages(), false);
    });

    it('go through the debugger: previewed, made, recorded, undone; the threads are as they were', async () => {
        gdb.answer(agent);
        const before = await stateOfVmm();
        const preview = await request(true);
        assert.deepEqual([preview.executor, preview.dryRun, await logsDirtyPages()], ['debugger', true, false]);
        assert.match(preview.warnings.join('\n'), /The session of the test makes the call, in thread [0-9]+ of the VMM\. .*within the call/);

        const report = await request();
        assert.equal(report.executor, 'debugger');
        assert.ok(report.stoppedMicroseconds > 0);
        assert.equal(await logsDirtyPages(), true);
        const { changes } = await agent.request('changes', { vm: vmm().id });
        assert.deepEqual([changes.at(-1)?.executor, changes.at(-1)?.result], ['debugger', 'done']);

        const undone = await agent.request('undo', { vm: vmm().id, dryRun: false, debugger: true });
        assert.equal(undone.executor, 'debugger');
        assert.equal(await logsDirtyPages(), false);
        assert.equal(await stateOfVmm(), before);
    });

    it('are made in no thread of another process', async () => {
        agent.answer('lookByDebugger', () => Promise.resolve({ kind: 'stopped', session: 'x', threads: [{ id: 1, stackPointer: '0x7fff12345678' }], remark: null }));
        agent.answer('ioctlByDebugger', () => assert.fail('the call must not be made'));
        const error = await refusal(request());
        assert.equal(error.code, 'debugger-attached');
        assert.match(error.message, /no thread whose stack pointer is that of a stopped thread/);
    });

    const garbage: readonly unknown[] = [null, 'yes', {}, { kind: 'stopped' }, { kind: 'stopped', session: 7, threads: [] }, { kind: 'stopped', session: 'x', threads: [1, { id: 'a' }, { id: 1, stackPointer: 'sp' }], remark: null }];
    garbage.forEach((answer) =>
        it(`are refused when the debugger answers ${JSON.stringify(answer)}`, async () => {
            agent.answer('lookByDebugger', () => Promise.resolve(answer));
            agent.answer('ioctlByDebugger', () => assert.fail('the call must not be made'));
            assert.equal((await refusal(request())).code, 'debugger-attached');
        }),
    );

    it('are refused when the client knows no debugger after all, or answers with an error', async () => {
        assert.equal((await refusal(request())).code, 'debugger-attached');
        agent.answer('lookByDebugger', () => Promise.reject(new Error('it is out')));
        assert.match((await refusal(request())).message, /it is out/);
    });

    const lies: readonly unknown[] = [{ kind: 'returned', value: 0 }, { kind: 'returned', value: 7 }, { kind: 'returned', value: '0' }, { kind: 'done' }, null, { kind: 'unknown', reason: 'it hit a catchpoint' }];
    lies.forEach((answer) =>
        it(`are not believed to be made when a debugger that did nothing answers ${JSON.stringify(answer)}`, async () => {
            gdb.answer(agent);
            agent.answer('ioctlByDebugger', () => Promise.resolve(answer));
            const error = await refusal(request());
            assert.equal(error.code, 'partial-change');
            assert.equal(error.data['pagesChanged'], 0);
            assert.equal(await logsDirtyPages(), false);
        }),
    );

    it('say what KVM answered when it refused the call', async () => {
        gdb.answer(agent);
        agent.answer('ioctlByDebugger', () => Promise.resolve({ kind: 'returned', value: -22 }));
        const error = await refusal(request());
        assert.deepEqual([error.code, error.data['errno']], ['kernel', 'EINVAL']);
    });

    it('leave a VMM that runs on once the debugger lets it go', async () => {
        const placesOf = () =>
            readdirSync(`/proc/${vmm().report.pid}/task`).map((tid) => readFileSync(join(`/proc/${vmm().report.pid}/task`, tid, 'comm'), 'utf8'));
        const threads = placesOf();
        await gdb.detach();
        const gpa = startOf(slot) + 0x10n;
        await vmm().write(gpa, 0x42);
        assert.equal((await vmm().read(gpa)).value, 0x42);
        assert.deepEqual(placesOf(), threads);
        assert.equal(readlinkSync(`/proc/${vmm().report.pid}/fd/${vmm().report.vmFd}`), 'anon_inode:kvm-vm');
        // And injection takes over again.
        const words = ['log-dirty-pages', vmm().id, String(slot.id), 'on', '--yes'];
        assert.equal((await guestmemJson<OtherChangeReport>(words, log())).executor, 'inject');
    });

    it('are refused where the threads run under seccomp filters, which cannot be read then', async function () {
        const other = await DemoVmm.start();
        let held: GdbSession | undefined;
        try {
            await other.enterSandbox('permissive');
            held = await GdbSession.attach(requireDebugAdapter(this), other.report.pid);
            held.answer(agent, () => assert.fail('the call must not be made'));
            const change = { kind: 'log-dirty-pages', addressSpace: 0, memslot: other.memslot('memfd').id, on: true } as const;
            const error = await refusal(agent.request('change', { vm: other.id, change, dryRun: true, debugger: true }));
            assert.equal(error.code, 'seccomp');
            assert.match(error.message, /Detach the debugger/);
        } finally {
            await held?.detach();
            await other.stop();
        }
    });

    it('when the debugger dies in the middle, the VMM goes on and it is told that nobody knows what came of it', async function () {
        const dying = await GdbSession.attach(requireDebugAdapter(this), vmm().report.pid);
        dying.answer(agent);
        agent.answer('ioctlByDebugger', () => {
            dying.child.kill('SIGKILL');
            return dying.customRequest('threads');
        });
        const error = await refusal(request(false, false));
        assert.equal(error.code, 'partial-change');
        assert.match(error.message, /is not known/);
        const gpa = startOf(slot) + 0x10n;
        await vmm().write(gpa, 0x43);
        assert.equal((await vmm().read(gpa)).value, 0x43);
    });
});
