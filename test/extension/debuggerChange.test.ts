import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import type { AnyChangeReport } from '../../src/common/change';
import type { VmDetails } from '../../src/common/model';
import type { GuestmemApi } from '../../src/extension/extension';
import type { DemoVmm } from '../support/demoVmm';
import { GdbSession, requireDebugAdapter } from '../support/gdbSession';
import { guestmemJson } from '../support/guestmem';
import { startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { guestmem, Person, refOf, run, setSetting } from './extensionHost';

describe('changes under a debugger', () => {
    const vmm = suiteVmm(['--name', 'held']);
    const other = suiteVmm(['--name', 'other']);
    let api: GuestmemApi;
    let person: Person | undefined;
    const sessions: vscode.DebugSession[] = [];

    before(async function () {
        requireDebugAdapter(this);
        api = await guestmem();
        await api.store.activate(refOf(vmm()));
        await setSetting('guestmem.allowChanges', true);
        await run('guestmem.changes.unlock');
    });
    afterEach(() => person?.leave());
    after(async () => {
        await vscode.debug.stopDebugging();
        await setSetting('guestmem.allowChanges', undefined);
    });

    const slotOf = (of: DemoVmm) => of.memslot('memfd');
    const switchLogging = (of: DemoVmm) => {
        const { gpa, size } = slotOf(of);
        return run<AnyChangeReport | undefined>('guestmem.memory.logDirtyPages', { vm: refOf(of), range: { gpa, size } });
    };
    const logsDirtyPages = async (of: DemoVmm) => {
        const { addressSpaces } = await guestmemJson<VmDetails>(['show', of.id]);
        return addressSpaces[0]?.memslots.find(({ id }) => id === slotOf(of).id)?.flags.includes('log-dirty-pages');
    };
    const tracerOf = (of: DemoVmm) => Number(/^TracerPid:\t([0-9]+)$/m.exec(readFileSync(`/proc/${of.report.pid}/status`, 'utf8'))?.[1]);
    const agreeing = (answer: string) => (person = new Person((message) => (message.buttons.includes(answer) ? answer : undefined)));

    /** A session of gdb's own adapter that has stopped the VMM. */
    async function attach(of: DemoVmm, name: string): Promise<vscode.DebugSession> {
        const stopped = new Promise<vscode.DebugSession>((resolve) => {
            const tracker = vscode.debug.registerDebugAdapterTrackerFactory('gdb', {
                createDebugAdapterTracker: (session) => ({
                    onDidSendMessage: (message: { event?: string }) => {
                        if (message.event !== 'stopped') return;
                        tracker.dispose();
                        resolve(session);
                    },
                }),
            });
        });
        const [folder] = vscode.workspace.workspaceFolders ?? [];
        assert.equal(await vscode.debug.startDebugging(folder, { type: 'gdb', request: 'attach', name, pid: of.report.pid }), true);
        return stopped;
    }

    it('are refused while a debugger that is not this window’s holds the VMM; it is named', async () => {
        const gdb = await GdbSession.attach(process.env['GUESTMEM_TEST_GDB'] ?? '', vmm().report.pid);
        const tracer = tracerOf(vmm());
        person = new Person();
        await switchLogging(vmm());
        await gdb.detach();
        assert.equal(person.onlyMessage.kind, 'error');
        assert.match(person.onlyMessage.text, new RegExp(`refused: process ${tracer} \\(.* traces the VMM.*Detach it.*debug session of VS Code`));
    });

    it('go through the session that holds the VMM, of several, after a preview that names it', async () => {
        sessions.push(await attach(vmm(), 'the first'), await attach(other(), 'the second'));
        agreeing('Switch');
        const report = await switchLogging(vmm());
        assert.equal(report?.executor, 'debugger');
        assert.deepEqual([await logsDirtyPages(vmm()), await logsDirtyPages(other())], [true, false]);
        const [preview, done] = person?.messages ?? [];
        assert.match(preview?.detail ?? '', /How: an ioctl evaluated by the debugger that holds the VMM\n.*⚠ The debug session “the first” \(gdb\) makes the call/s);
        assert.match(done?.text ?? '', /was switched\. The debugger that holds the VMM took [0-9]+ µs for it\.$/);
    });

    it('are undone through it, and say so in the record', async () => {
        agreeing('Undo');
        const report = await run<AnyChangeReport>('guestmem.changes.undo', { vm: refOf(vmm()) });
        assert.equal(report.executor, 'debugger');
        assert.equal(await logsDirtyPages(vmm()), false);
        await run('guestmem.changes.show', { vm: refOf(vmm()) });
        assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /log-dirty-pages 0x.* {2}debugger {2}.*done/);
    });

    it('ask to pause a VMM that the debugger has let run', async () => {
        const stands = () => /^State:\tt/m.test(readFileSync(`/proc/${other().report.pid}/status`, 'utf8'));
        await sessions[1]?.customRequest('continue', { threadId: 1 });
        await until('the VMM runs', () => !stands());
        person = new Person();
        await switchLogging(other());
        assert.match(person.onlyMessage.text, /“the second” \(gdb\) holds the VMM, but no thread of it is stopped.*Pause the VMM/);
        await sessions[1]?.customRequest('pause', { threadId: 1 });
        await until('the VMM is paused', stands);
    });

    it('leave the VMM running when the session ends, and are injected again', async () => {
        // As the button Disconnect does: Stop would end the VMM.
        for (const session of sessions) await session.customRequest('disconnect', { terminateDebuggee: false });
        await until('gdb has let go', () => tracerOf(vmm()) === 0 && tracerOf(other()) === 0);
        const gpa = startOf(slotOf(vmm())) + 0x10n;
        await vmm().write(gpa, 0x42);
        assert.equal((await vmm().read(gpa)).value, 0x42);
        agreeing('Switch');
        assert.equal((await switchLogging(vmm()))?.executor, 'inject');
    });
});
