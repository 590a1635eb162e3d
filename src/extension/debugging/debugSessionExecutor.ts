/**
 * Answers an agent that may make a change only through the debugger which holds the VMM: a debug session of this window
 * evaluates the ioctl in a stopped thread. The user has agreed to the change before (changeMemory.ts).
 */
import * as vscode from 'vscode';
import { toHex } from '../../common/address';
import { mostLookedAt, type ClientMethod, type ClientMethods, type DebuggerIoctlResult, type DebuggerLook, type StoppedThread } from '../../common/debuggerProtocol';
import { adapterOf, adapterTypes, type DebugAdapter } from './debugAdapters';
import type { DebuggedProcesses } from './debuggedProcesses';
import { callIoctl, checkDebuggerIoctl, fieldsOf, readStackPointer } from './debuggerCall';
import { evaluatorIn, readThreadIds } from './debugRequests';
import { displayText } from '../displayText';

/** What this window does when an agent asks it; `params` are whatever came over the wire. */
export type ClientHandlers = {
    readonly [Method in ClientMethod]: (params: unknown) => Promise<ClientMethods[Method]['result']>;
};

interface Held {
    readonly session: vscode.DebugSession;
    readonly adapter: DebugAdapter;
}
type Refusal = Extract<DebuggerLook, { kind: 'refused' }>;
const refused = (reason: string): Refusal => ({ kind: 'refused', reason });

export class DebugSessionExecutor {
    readonly handlers: ClientHandlers = {
        lookByDebugger: (params) => this.look(params),
        ioctlByDebugger: (params) => this.makeIoctl(params),
    };

    constructor(private readonly processes: DebuggedProcesses) {}

    /** Whether a change of this process's VM may be made through a session; else the agent refuses it while one traces it. */
    holds(pid: number): boolean {
        return this.processes.sessionOf(pid) !== undefined;
    }

    private async look(params: unknown): Promise<DebuggerLook> {
        const { pid, thread } = fieldsOf(params);
        const held = this.find(pid);
        if ('kind' in held) return held;
        const { l10n } = vscode;
        const name = l10n.t('The debug session “{0}” ({1})', displayText(held.session.name), held.session.type);
        const threads: StoppedThread[] = [];
        let problem = l10n.t('it names no thread');
        // Some adapters name no threads of a process that runs.
        const ask = async <Result>(request: () => Promise<Result>): Promise<Result | undefined> => {
            try {
                return await request();
            } catch (thrown) {
                problem = displayText(thrown instanceof Error ? thrown.message : String(thrown));
                return undefined;
            }
        };
        const ids = typeof thread === 'number' ? [thread] : await ask(() => threadsOf(held.session));
        for (const id of ids ?? []) {
            const stackPointer = await ask(() => readStackPointer(evaluatorIn(held.session, id)));
            if (stackPointer !== undefined) threads.push({ id, stackPointer: toHex(stackPointer) });
        }
        if (threads.length === 0) {
            return refused(l10n.t('{0} holds the VMM, but no thread of it is stopped where an expression can be evaluated ({1}). Pause the VMM in the debugger, and try again.', name, problem));
        }
        const remark = held.adapter.isLldb
            ? l10n.t('LLDB maps memory of its own in the VMM for a call, and leaves it there. If the call takes long, it lets the other threads run, too.')
            : l10n.t('All other threads of the VMM stay stopped meanwhile.');
        return { kind: 'stopped', session: name, threads, remark };
    }

    private async makeIoctl(params: unknown): Promise<DebuggerIoctlResult> {
        const call = checkDebuggerIoctl(params);
        if (call === undefined) return refused(vscode.l10n.t('The agent asked for a call that this window does not make.'));
        const held = this.find(call.pid);
        if ('kind' in held) return held;
        return callIoctl(evaluatorIn(held.session, call.thread.id), call);
    }

    private find(pid: unknown): Held | Refusal {
        const { l10n } = vscode;
        const session = typeof pid === 'number' ? this.processes.sessionOf(pid) : undefined;
        if (session === undefined) return refused(l10n.t('No debug session of this window holds process {0} any more.', String(pid)));
        const adapter = adapterOf(session.type);
        if (adapter !== undefined) return { session, adapter };
        return refused(
            l10n.t('The debug session “{0}” is of the type {1}, through which no ioctl can be made; these can: {2}. Detach it, or debug the VMM with one of them.', displayText(session.name), displayText(session.type), adapterTypes.join(', ')),
        );
    }
}

/** The thread that the user looks at comes first. */
async function threadsOf(session: vscode.DebugSession): Promise<number[]> {
    const ids = await readThreadIds(session);
    const item = vscode.debug.activeStackItem;
    const selected = item?.session === session ? [item.threadId] : [];
    return [...new Set([...selected, ...ids])].slice(0, mostLookedAt);
}
