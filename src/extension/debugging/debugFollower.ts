/**
 * Follows the debugger: when a debug session starts on a VMM, or attaches to one, its VM becomes the active one, and
 * each time the debuggee stops the state is read again. Looking needs no running VMM, so everything readable stays so.
 */
import { readdir, readlink } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { DebuggedProcesses } from './debuggedProcesses';
import { thisHost } from '../connection/places';
import type { VmStore } from '../vmStore';

/** The parts of the Debug Adapter Protocol that are used here. */
interface DebugEvent {
    readonly type?: unknown;
    readonly event?: unknown;
    readonly body?: { readonly systemProcessId?: unknown };
}

/** The debuggee's process, where the configuration names it: `processId` of most adapters, `pid` of some. */
function processIdOf(configuration: vscode.DebugConfiguration): number | undefined {
    const { processId, pid } = configuration as Record<string, unknown>;
    const value = Number(processId ?? pid);
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/**
 * Whether the process may be a VMM. Most debuggees are not: for them no agent is started. Descriptors of another user's
 * process cannot be listed from here; then the agent is asked.
 */
async function mayBeVmm(pid: number): Promise<boolean> {
    const folder = `/proc/${pid}/fd`;
    try {
        for (const fd of await readdir(folder)) {
            const target = await readlink(`${folder}/${fd}`).catch(() => '');
            if (target === 'anon_inode:kvm-vm') return true;
        }
        return false;
    } catch (thrown) {
        return (thrown as NodeJS.ErrnoException).code === 'EACCES';
    }
}

class Follower implements vscode.DebugAdapterTracker {
    private hasActivated = false;

    constructor(
        private readonly session: vscode.DebugSession,
        private readonly store: VmStore,
        private readonly processes: DebuggedProcesses,
        private readonly log: vscode.LogOutputChannel,
    ) {
        const pid = processIdOf(session.configuration);
        if (pid !== undefined) processes.set(session, pid);
    }

    private get pid(): number | undefined {
        return this.processes.pidOf(this.session);
    }

    onDidSendMessage(message: DebugEvent): void {
        if (message.type !== 'event') return;
        if (message.event === 'process' && typeof message.body?.systemProcessId === 'number') this.processes.set(this.session, message.body.systemProcessId);
        // A VMM that was just started has no VM yet: each stop looks again.
        if (message.event === 'process' || message.event === 'stopped' || message.event === 'initialized') {
            this.follow().catch((error: unknown) => this.log.error(error instanceof Error ? error : String(error)));
        }
    }

    private async follow(): Promise<void> {
        if (this.pid === undefined ? !this.store.inUse : !(await mayBeVmm(this.pid))) return;
        await this.store.refresh();
        if (this.hasActivated) return;
        const vms = this.store.vms().filter(({ ref }) => ref.place === thisHost);
        // Some adapters never tell the process: then it is the traced VMM that runs the debugged program.
        const program = String(this.session.configuration.program ?? '').split('/').at(-1)?.slice(0, 15);
        const found = vms.find(({ summary }) =>
            this.pid === undefined ? summary.tracedBy !== null && summary.command === program : summary.pid === this.pid,
        );
        if (found === undefined) return;
        this.hasActivated = true;
        this.processes.set(this.session, found.summary.pid);
        await this.store.activate(found.ref);
    }
}

export function registerDebugFollower(store: VmStore, processes: DebuggedProcesses, log: vscode.LogOutputChannel): vscode.Disposable {
    return vscode.debug.registerDebugAdapterTrackerFactory('*', {
        createDebugAdapterTracker: (session) => new Follower(session, store, processes, log),
    });
}
