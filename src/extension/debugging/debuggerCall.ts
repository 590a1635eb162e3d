/**
 * An ioctl made by a debugger, as expressions of nothing but numbers. The instructions of the call and the struct that it
 * points to are written where the agent found room for them, and cleared afterwards: no symbol of the program is needed,
 * and neither its heap nor its stack is used but for the debugger's own return address.
 */
import { parseHex } from '../../common/address';
import { callRoomSize, debuggerIoctls, ioctlArgumentSize, type DebuggerIoctl, type DebuggerIoctlResult } from '../../common/debuggerProtocol';

/** Evaluates an expression of C in the thread of the call; rejects with what the debugger says. */
export type Evaluate = (expression: string) => Promise<bigint>;

const argumentOffset = callRoomSize - ioctlArgumentSize;
const wordSize = 8;

/** The 64 bits of an address, as the expressions write them. */
const hex = (value: bigint) => `0x${value.toString(16)}`;
const word = (address: bigint) => `*(unsigned long*)${hex(address)}`;

/** long call(void): mov $ioctl, %eax; mov $fd, %edi; mov $request, %esi; lea argument(%rip), %rdx; syscall; ret */
function instructions(fd: number, request: number): Uint8Array {
    const code = new DataView(new ArrayBuffer(argumentOffset));
    const opcodes: readonly (readonly [at: number, opcode: number, operand: number])[] = [
        [0, 0xb8, 16],
        [5, 0xbf, fd],
        [10, 0xbe, request],
    ];
    for (const [at, opcode, operand] of opcodes) {
        code.setUint8(at, opcode);
        code.setUint32(at + 1, operand, true);
    }
    [0x48, 0x8d, 0x15].forEach((byte, index) => code.setUint8(15 + index, byte));
    code.setUint32(18, argumentOffset - 22, true);
    [0x0f, 0x05, 0xc3].forEach((byte, index) => code.setUint8(22 + index, byte));
    return new Uint8Array(code.buffer);
}

/** What is to stand at the room, word by word. */
function wordsOf({ room, fd, ioctl, argument }: DebuggerIoctl): { readonly address: bigint; readonly value: bigint }[] {
    const bytes = new DataView(new ArrayBuffer(callRoomSize));
    const whole = new Uint8Array(bytes.buffer);
    whole.set(instructions(fd, debuggerIoctls[ioctl]));
    whole.set(argument, argumentOffset);
    const start = parseHex(room) ?? 0n;
    return Array.from({ length: callRoomSize / wordSize }, (_, index) => ({
        address: start + BigInt(index * wordSize),
        value: bytes.getBigUint64(index * wordSize, true),
    }));
}

const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown));

/** The stack pointer of the thread, by which the agent knows it. */
export async function readStackPointer(evaluate: Evaluate): Promise<bigint> {
    return BigInt.asUintN(64, await evaluate('((long)$rsp)'));
}

/** `call` has been checked (checkDebuggerIoctl). */
export async function callIoctl(evaluate: Evaluate, call: DebuggerIoctl): Promise<DebuggerIoctlResult> {
    const words = wordsOf(call);
    const all = (test: (value: bigint) => bigint) => words.map(({ address, value }) => `${word(address)}==${hex(test(value))}`).join('&&');
    const clear = () => evaluate(`(${words.map(({ address }) => `${word(address)}=0`).join(',')},0)`);
    try {
        const ready = await evaluate(`(long)($rsp==${call.thread.stackPointer}&&${all(() => 0n)})`);
        if (ready !== 1n) return { kind: 'refused', reason: 'The debugger holds another process or another thread than before, or the end of the vDSO is in use. Select a thread of the VMM in the debugger, and try again.' };
    } catch (thrown) {
        return { kind: 'refused', reason: messageOf(thrown) };
    }
    try {
        await evaluate(`(${words.map(({ address, value }) => `${word(address)}=${hex(value)}`).join(',')},0)`);
        if ((await evaluate(`(long)(${all((value) => value)})`)) !== 1n) throw new Error('The debugger did not write into the process what it was told.');
    } catch (thrown) {
        // Whatever of it was written is no harm where it stands, if it cannot be cleared either.
        await clear().catch(() => undefined);
        return { kind: 'refused', reason: messageOf(thrown) };
    }
    try {
        return { kind: 'returned', value: Number(await evaluate(`((long(*)(void))${hex(parseHex(call.room) ?? 0n)})()`)) };
    } catch (thrown) {
        return { kind: 'unknown', reason: messageOf(thrown) };
    } finally {
        await clear().catch(() => undefined);
    }
}

/** What an agent sent, checked; undefined when it is no such call. */
export function checkDebuggerIoctl(value: unknown): DebuggerIoctl | undefined {
    const { pid, thread, room, fd, ioctl, argument } = fieldsOf(value);
    const { id, stackPointer } = fieldsOf(thread);
    const isNumber = (number: unknown): number is number => Number.isSafeInteger(number) && (number as number) >= 0;
    const isAddress = (text: unknown): text is string => typeof text === 'string' && /^0x[0-9a-f]{1,16}$/.test(text);
    if (!isNumber(pid) || !isNumber(id) || !isNumber(fd) || fd >= 2 ** 31 || !isAddress(stackPointer) || !isAddress(room)) return undefined;
    if (typeof ioctl !== 'string' || !Object.hasOwn(debuggerIoctls, ioctl)) return undefined;
    if (!(argument instanceof Uint8Array) || argument.length !== ioctlArgumentSize) return undefined;
    return { pid, thread: { id, stackPointer }, room, fd, ioctl: ioctl as DebuggerIoctl['ioctl'], argument };
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
