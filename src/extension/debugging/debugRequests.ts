/** What is asked of a debug adapter, by its protocol (DAP): the threads of its process, and expressions in one of them. */
import { adapterOf, parseResult } from './debugAdapters';
import { fieldsOf, type Evaluate } from './debuggerCall';

/** The part of vscode.DebugSession that is used. */
export interface DebugRequests {
    readonly type: string;
    customRequest(command: string, args?: object): Thenable<unknown>;
}

export async function readThreadIds(session: DebugRequests): Promise<number[]> {
    const { threads } = fieldsOf(await session.customRequest('threads'));
    return Array.isArray(threads) ? threads.map((thread) => fieldsOf(thread)['id']).filter((id) => typeof id === 'number') : [];
}

/** Evaluates in the topmost frame of the thread, which only a stopped thread has and which is another after each call. */
export const evaluatorIn =
    (session: DebugRequests, threadId: number): Evaluate =>
    async (expression) => {
        const { stackFrames } = fieldsOf(await session.customRequest('stackTrace', { threadId, startFrame: 0, levels: 1 }));
        const frameId = fieldsOf(Array.isArray(stackFrames) ? stackFrames[0] : undefined)['id'];
        const adapter = adapterOf(session.type);
        if (typeof frameId !== 'number' || adapter === undefined) throw new Error('the thread is not stopped');
        const { result } = fieldsOf(await session.customRequest('evaluate', { ...adapter.toEvaluate(expression), frameId }));
        const value = parseResult(result);
        if (value === undefined) throw new Error(`the debugger answered “${String(result).slice(0, 200)}”, which is no number`);
        return value;
    };
