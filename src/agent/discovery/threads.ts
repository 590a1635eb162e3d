/** The threads of a process that a debugger holds, as /proc shows them. A thread may vanish between any two reads. */
import { readdirSync, readFileSync } from 'node:fs';
import { look } from './processes';

export interface StoppedThreadState {
    readonly tid: number;
    readonly stackPointer: bigint;
    /** The kernel started it in the process (vhost, io_uring, KVM's NX recovery): it runs no user code. */
    readonly kernelWorker: boolean;
    /** Under a seccomp filter, or in strict mode. */
    readonly filtered: boolean;
    readonly hasShadowStack: boolean;
}

/** include/linux/sched.h: PF_IO_WORKER, PF_USER_WORKER. */
const workerFlags = 0x4010;

/** Those whose stack pointer can be told: not of a thread that runs, nor of a process that may not be traced. */
export function readStoppedThreads(pid: number): StoppedThreadState[] {
    const tids = look(() => readdirSync(`/proc/${pid}/task`));
    return tids.kind === 'found' ? tids.value.flatMap((tid) => readStoppedThread(pid, Number(tid)) ?? []) : [];
}

function readStoppedThread(pid: number, tid: number): StoppedThreadState | undefined {
    const read = (name: string) => {
        const text = look(() => readFileSync(`/proc/${pid}/task/${tid}/${name}`, 'latin1'));
        return text.kind === 'found' ? text.value : '';
    };
    // "NR ARGUMENTS… SP PC", "-1 SP PC" outside system calls, or "running".
    const stackPointer = /(0x[0-9a-f]+) 0x[0-9a-f]+\n$/.exec(read('syscall'))?.[1];
    const status = read('status');
    const stat = read('stat');
    if (stackPointer === undefined || status === '' || stat === '') return undefined;
    // The name in parentheses may itself hold parentheses and spaces: the fields begin after the last one.
    const flags = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6]);
    return {
        tid,
        stackPointer: BigInt(stackPointer),
        kernelWorker: (flags & workerFlags) !== 0,
        filtered: !/^Seccomp:\s*0$/m.test(status),
        hasShadowStack: /^x86_Thread_features:.*\bshstk\b/m.test(status),
    };
}
