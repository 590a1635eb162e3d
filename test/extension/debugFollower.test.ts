import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { GuestmemApi } from '../../src/extension/extension';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { guestmem, refOf } from './extensionHost';

describe('debug follower', () => {
    const first = suiteVmm(['--name', 'first']);
    const debugged = suiteVmm(['--name', 'debugged']);
    let api: GuestmemApi;

    before(async () => {
        api = await guestmem();
        await api.store.activate(refOf(first()));
    });
    afterEach(async () => vscode.debug.stopDebugging());

    /** A session of VS Code's own JavaScript debugger that stops at once, and names a process of the test's choice. */
    async function debug(processId: number): Promise<void> {
        const [folder] = vscode.workspace.workspaceFolders ?? [];
        assert(folder !== undefined);
        const program = join(folder.uri.fsPath, 'debuggee.js');
        writeFileSync(program, 'setInterval(() => {}, 1000);\n');
        const stopped = new Promise<void>((resolve) => {
            const tracker = vscode.debug.registerDebugAdapterTrackerFactory('*', {
                createDebugAdapterTracker: () => ({
                    onDidSendMessage: (message: { event?: string }) => {
                        if (message.event !== 'stopped') return;
                        tracker.dispose();
                        resolve();
                    },
                }),
            });
        });
        const configuration = { type: 'node', request: 'launch', name: 'test', program, stopOnEntry: true, console: 'internalConsole', processId };
        assert.equal(await vscode.debug.startDebugging(folder, configuration), true);
        await stopped;
    }

    const activeId = () => api.store.active?.ref.id;

    it('leaves the active VM alone when the debugged process is no VMM', async () => {
        await debug(process.pid);
        await api.store.refresh();
        assert.equal(activeId(), first().id);
    });

    it('makes the VM of the debugged process the active one', async () => {
        await debug(debugged().report.pid);
        await until('the VM is active', () => activeId() === debugged().id);
    });
});
