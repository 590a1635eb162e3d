/**
 * Processes as /proc shows them. A process may vanish between any two reads: that is no error here, its facts are just
 * absent. What may not be read is told apart from what is not there.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { errors } from '../common/errors';

/** What came of looking at something of a process. */
export type Looked<T> = { readonly kind: 'found'; readonly value: T } | { readonly kind: 'gone' } | { readonly kind: 'denied' };

function look<T>(read: () => T): Looked<T> {
    try {
        return { kind: 'found', value: read() };
    } catch (thrown) {
        const errno = (thrown as NodeJS.ErrnoException).code;
        if (errno === 'ENOENT' || errno === 'ESRCH') return { kind: 'gone' };
        if (errno === 'EACCES' || errno === 'EPERM') return { kind: 'denied' };
        throw thrown;
    }
}

const found = <T>(looked: Looked<T>): T | undefined => (looked.kind === 'found' ? looked.value : undefined);

/** Whether /proc shows the pid namespace of this process. If not, its numbers mean other processes than ours do. */
export function isOwnProc(): boolean {
    return found(look(() => readlinkSync('/proc/self'))) === String(process.pid);
}

/** Throws unless the numbers in /proc are those that pidfd_open and ptrace take. */
export function requireOwnProc(): void {
    if (isOwnProc()) return;
    throw errors.unsupported(
        'Looking at processes',
        "/proc shows another pid namespace than this process's own. Enter that namespace's mounts, too (nsenter --pid --mount), or mount a /proc of this one",
    );
}

export function listProcesses(): number[] {
    return readdirSync('/proc')
        .filter((name) => /^[1-9][0-9]*$/.test(name))
        .map(Number)
        .sort((a, b) => a - b);
}

const vmLink = 'anon_inode:kvm-vm';

/** The fds of a process that are KVM VMs, ascending. */
export function listVmFds(pid: number): Looked<number[]> {
    return look(() => {
        const folder = `/proc/${pid}/fd`;
        return readdirSync(folder)
            .filter((fd) => found(look(() => readlinkSync(`${folder}/${fd}`))) === vmLink)
            .map(Number)
            .sort((a, b) => a - b);
    });
}

/** How many vCPU fds the process has. */
export function countVcpuFds(pid: number): Looked<number> {
    return look(() => {
        const folder = `/proc/${pid}/fd`;
        const links = readdirSync(folder).map((fd) => found(look(() => readlinkSync(`${folder}/${fd}`))) ?? '');
        return new Set(links.filter((link) => link.startsWith('anon_inode:kvm-vcpu:'))).size;
    });
}

export interface ProcessStatus {
    /** The process that this is a thread of; the pid itself for a process. */
    readonly threadGroup: number;
    /** Pid of the tracer, or null. */
    readonly tracer: number | null;
}

export function readStatus(pid: number): ProcessStatus | undefined {
    const text = found(look(() => readFileSync(`/proc/${pid}/status`, 'latin1')));
    if (text === undefined) return undefined;
    const field = (name: string) => Number(new RegExp(`^${name}:\\s*([0-9]+)`, 'm').exec(text)?.[1] ?? 0);
    const tracer = field('TracerPid');
    return { threadGroup: field('Tgid'), tracer: tracer === 0 ? null : tracer };
}

/** The command's name, which the process chooses itself. */
export function readCommand(pid: number): string | undefined {
    const name = found(look(() => readFileSync(`/proc/${pid}/comm`, 'utf8')))?.replace(/\n$/, '');
    return name === undefined ? undefined : wholeCommand(name, readArguments(pid)?.[0] ?? '');
}

/** The kernel cuts a name to 15 bytes (TASK_COMM_LEN); the program in the arguments has the rest of it. */
export function wholeCommand(name: string, program: string): string {
    const base = program.slice(program.lastIndexOf('/') + 1);
    return Buffer.byteLength(name) === 15 && base.startsWith(name) ? base.slice(0, longestCommand) : name;
}

/** The longest name of a file; what is longer is no program's name. */
const longestCommand = 255;

/** The arguments, which the process chooses itself. */
export function readArguments(pid: number): string[] | undefined {
    const text = found(look(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')));
    return text?.replace(/\0$/, '').split('\0');
}

export function readMapsText(pid: number): Looked<string> {
    return look(() => readFileSync(`/proc/${pid}/maps`, 'utf8'));
}
