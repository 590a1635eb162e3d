/**
 * Executes ioctls through the debugger that holds the VMM: a debug session of the client. What the client answers is
 * trusted in nothing. Which thread it would use is found out by the thread's stack pointer, as the kernel tells it, and
 * whether a call was made by looking at what KVM then has.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { getSystemErrorName } from 'node:util';
import type { InjectOutcome } from '../../../native/index';
import { parseHex } from '../../common/address';
import { ioctlArgumentSize, type ClientMethod, type ClientMethods, type DebuggerIoctl, type DebuggerIoctlName, type DebuggerIoctlResult, type StoppedThread } from '../../common/debuggerProtocol';
import { errors, GuestmemError } from '../../common/errors';
import { slotRows, type SlotRow } from '../details/memslots';
import { readStoppedThreads, type StoppedThreadState } from '../discovery/threads';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import { attributeRuns } from '../pages/attributeRuns';
import { privateAttribute, walkAttributes } from '../pages/attributeWalk';
import { findCallRoom } from './callRoom';
import { checkIoctlResult, checkLook } from './debuggerAnswers';
import type { IoctlExecutor } from './ioctlExecutor';

/** Asks the client that sent the request. */
export type AskClient = <Method extends ClientMethod>(method: Method, params: ClientMethods[Method]['params']) => Promise<unknown>;

/** Milliseconds that a debugger is waited for: it may have gone to sleep with the call. */
const patience = 60_000;

interface Candidate {
    readonly thread: StoppedThread;
    readonly state: StoppedThreadState;
}

export class DebuggerExecutor implements IoctlExecutor {
    readonly name = 'debugger';
    warnings: readonly string[] = [];
    private thread: number | null = null;

    private constructor(
        private readonly vm: OpenVm,
        private readonly tried: string,
        private readonly ask: AskClient,
        private readonly pace: Pace,
    ) {}

    static async prepare(vm: OpenVm, tried: string, ask: AskClient, pace: Pace): Promise<DebuggerExecutor> {
        const executor = new DebuggerExecutor(vm, tried, ask, pace);
        findCallRoom(vm, tried);
        const { session, remark, chosen } = await executor.look();
        executor.thread = chosen.thread.id;
        executor.warnings = [
            [
                `${session} makes the call, in thread ${chosen.state.tid} of the VMM.`,
                ...(remark === null ? [] : [remark]),
                'A signal or a catchpoint that stops this thread within the call ends it: then look at the map whether the change was made.',
            ].join(' '),
        ];
        return executor;
    }

    setMemoryAttributes(gpa: bigint, size: bigint, attributes: number): Promise<InjectOutcome> {
        const argument = new DataView(new ArrayBuffer(ioctlArgumentSize));
        argument.setBigUint64(0, gpa, true);
        argument.setBigUint64(8, size, true);
        argument.setBigUint64(16, BigInt(attributes), true);
        const window = { gfn: Number(gpa >> 12n), end: Number((gpa + size) >> 12n) };
        return this.execute('KVM_SET_MEMORY_ATTRIBUTES', argument, async () => {
            const { layer } = await walkAttributes(this.vm, window.gfn, window.end, slotRows(this.vm.record.memslots), this.pace);
            const wanted = attributes === privateAttribute ? 'private' : 'shared';
            return attributeRuns(window, layer).every(({ attribute }) => attribute === wanted);
        });
    }

    setDirtyLogging(slot: SlotRow, on: boolean): Promise<InjectOutcome> {
        const argument = new DataView(new ArrayBuffer(ioctlArgumentSize));
        argument.setUint32(0, slot.addressSpace * 0x10000 + slot.id, true);
        argument.setUint32(4, (slot.readonly ? 2 : 0) | (on ? 1 : 0), true);
        argument.setBigUint64(8, BigInt(slot.gfn) << 12n, true);
        argument.setBigUint64(16, BigInt(slot.end - slot.gfn) << 12n, true);
        argument.setBigUint64(24, slot.hva, true);
        return this.execute('KVM_SET_USER_MEMORY_REGION', argument, () => {
            const slots = slotRows(this.vm.process.readVm(this.vm.fd)?.memslots ?? this.vm.record.memslots);
            const now = slots.find(({ addressSpace, id }) => addressSpace === slot.addressSpace && id === slot.id);
            return Promise.resolve(now?.logsDirtyPages === on);
        });
    }

    /** `isMade` looks at what KVM has. */
    private async execute(ioctl: DebuggerIoctlName, argument: DataView, isMade: () => Promise<boolean>): Promise<InjectOutcome> {
        const { pid } = this.vm.process;
        const { chosen } = await this.look();
        const room = findCallRoom(this.vm, this.tried);
        // The whole VMM stands still by now, so what is found here holds until the call.
        if (!this.vm.process.alive || this.vm.process.readVm(this.vm.fd)?.vm !== this.vm.identity) throw errors.vmGone(this.vm.id);
        const since = performance.now();
        const call = { pid, thread: chosen.thread, room, fd: this.vm.fd, ioctl, argument: new Uint8Array(argument.buffer) };
        const result = await this.call(call);
        if (result.kind === 'refused') throw this.refused(result.reason);
        const told = { tid: chosen.state.tid, stoppedMicroseconds: (performance.now() - since) * 1000 };
        if (result.kind === 'unknown') return { kind: 'unknown', detail: result.reason, ...told };
        const made = await isMade();
        if (made !== (result.value === 0)) {
            const detail = `the debugger says that the call returned ${result.value}, and KVM has the state of ${made ? 'after' : 'before'} it`;
            return { kind: 'unknown', detail, ...told };
        }
        return { kind: 'done', error: result.value === 0 ? null : getSystemErrorName(result.value), ...told };
    }

    /** Whatever goes wrong on the way, the call may have been made. */
    private async call(call: DebuggerIoctl): Promise<DebuggerIoctlResult> {
        try {
            return checkIoctlResult(await this.answer('ioctlByDebugger', call));
        } catch (thrown) {
            return { kind: 'unknown', reason: thrown instanceof Error ? thrown.message : String(thrown) };
        }
    }

    private async look(): Promise<{ readonly session: string; readonly remark: string | null; readonly chosen: Candidate }> {
        const { pid } = this.vm.process;
        const look = checkLook(await this.answer('lookByDebugger', { pid, thread: this.thread }));
        if (look.kind === 'refused') throw this.refused(look.reason);
        return { session: look.session, remark: look.remark, chosen: this.choose(look.threads) };
    }

    /** The selected thread, or another that can do it; those that never ran a vCPU first. */
    private choose(threads: readonly StoppedThread[]): Candidate {
        const { pid } = this.vm.process;
        const states = readStoppedThreads(pid);
        const found = threads.flatMap((thread) => {
            const state = states.find(({ stackPointer }) => stackPointer === parseHex(thread.stackPointer));
            return state === undefined ? [] : [{ thread, state }];
        });
        if (found.length === 0) {
            throw this.refused(`the debug session has no thread whose stack pointer is that of a stopped thread of process ${pid}. Pause the VMM in the debugger, and try again.`);
        }
        const able = found.filter(({ state }) => !state.kernelWorker && !state.hasShadowStack && state.stackPointer !== 0n);
        const vcpuThreads = this.vm.process.kvmFiles().map(({ tid }) => tid);
        const free = able.filter(({ state }) => !state.filtered);
        const chosen = free.find(({ state }) => !vcpuThreads.includes(state.tid)) ?? free[0];
        if (chosen !== undefined) return chosen;
        if (able.length > 0) {
            throw new GuestmemError(
                'seccomp',
                `${this.tried} was refused: the threads that the debugger has stopped run under seccomp filters, which only the process that traces them can read, and a call that a filter forbids would kill the VMM. Detach the debugger: then the filters are read first.`,
                { pid },
            );
        }
        const why = found.map(({ state }) => `${state.tid} ${state.kernelWorker ? 'is a kernel worker' : 'has a shadow stack'}`).join(', ');
        throw new GuestmemError('no-thread', `${this.tried} was refused: no thread of the VMM can make the call for the debugger (${why}). Select another thread in the debugger, or detach it.`, { pid });
    }

    /** Rejects when there is no answer in time, or the user gives up. */
    private async answer<Method extends ClientMethod>(method: Method, params: ClientMethods[Method]['params']): Promise<unknown> {
        const answered = new AbortController();
        const late = sleep(patience, undefined, { signal: answered.signal }).then(() => {
            throw this.refused(`the debugger did not answer within ${patience / 1000} s. Look at what it is doing.`);
        });
        try {
            const asked = this.ask(method, params).catch((thrown: unknown) => {
                throw this.refused(`the debugger could not be asked: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
            });
            return await this.pace.unlessCancelled(Promise.race([asked, late]));
        } finally {
            late.catch(() => undefined);
            answered.abort();
        }
    }

    private refused(reason: string): GuestmemError {
        return new GuestmemError('debugger-attached', `${this.tried} was refused: ${reason}`, { pid: this.vm.process.pid });
    }
}
