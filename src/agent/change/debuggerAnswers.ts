/** What a client answers for its debugger, checked: a debugger can be made to say anything. */
import { parseHex } from '../../common/address';
import { mostLookedAt, type DebuggerIoctlResult, type DebuggerLook, type StoppedThread } from '../../common/debuggerProtocol';

const longestText = 500;
/** The kernel's errno numbers are below it (MAX_ERRNO). */
const largestErrno = 4095;

const fieldsOf = (answer: unknown) => (typeof answer === 'object' && answer !== null ? (answer as Readonly<Record<string, unknown>>) : {});
const textOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value.slice(0, longestText) : 'The debugger gave no reason.');

export function checkLook(answer: unknown): DebuggerLook {
    const { kind, session, threads, remark, reason } = fieldsOf(answer);
    if (kind === 'stopped' && typeof session === 'string' && Array.isArray(threads)) {
        const checked = threads.slice(0, mostLookedAt).flatMap((thread) => checkThread(thread) ?? []);
        return { kind, session: session.slice(0, longestText), threads: checked, remark: remark === null ? null : textOf(remark) };
    }
    return { kind: 'refused', reason: kind === 'refused' ? textOf(reason) : 'The debugger gave an answer that is none. Detach it and try again.' };
}

function checkThread(value: unknown): StoppedThread | undefined {
    const { id, stackPointer } = fieldsOf(value);
    if (!Number.isSafeInteger(id) || typeof stackPointer !== 'string' || parseHex(stackPointer) === undefined) return undefined;
    return { id: id as number, stackPointer };
}

/** An answer that is none comes after a call that may have been made. */
export function checkIoctlResult(answer: unknown): DebuggerIoctlResult {
    const { kind, value, reason } = fieldsOf(answer);
    if (kind === 'refused' || kind === 'unknown') return { kind, reason: textOf(reason) };
    if (kind === 'returned' && Number.isInteger(value) && (value as number) <= 0 && (value as number) >= -largestErrno) {
        return { kind, value: value as number };
    }
    return { kind: 'unknown', reason: 'the debugger gave a result that no such call has' };
}
