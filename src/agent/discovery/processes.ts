/**
 * Processes as /proc shows them. A process may vanish between any two reads: that is no error here, its facts are just
 * absent. What may not be read is told apart from what is not there.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { errors } from '../../common/errors';

/** What came of looking at something of a process. */
export type Looked<T> = { readonly kind: 'found'; readonly value: T } | { readonly kind: 'gone' } | { readonly kind: 'denied' };

export function look<T>(read: () => T): Looked<T> {
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

/** What a file descriptor claims to be. A name like these can also be a file's: only the kernel itself knows (BPF). */
export interface KvmLink {
    readonly fd: number;
    readonly kind: 'vm' | 'vcpu' | 'guest_memfd';
    readonly link: string;
}

function kindOfLink(link: string): KvmLink['kind'] | null {
    if (link === 'anon_inode:kvm-vm') return 'vm';
    if (link.startsWith('anon_inode:kvm-vcpu:')) return 'vcpu';
    return isGuestMemfdPath(link) ? 'guest_memfd' : null;
}

/** anon_inode:[kvm-gmem] up to Linux 6.18, later a file of a mount of its own. */
export const isGuestMemfdPath = (path: string): boolean => path.includes('[kvm-gmem]');

/** The fds of a process that look like KVM's, ascending. */
export function listKvmLinks(pid: number): Looked<KvmLink[]> {
    return look(() => {
        const folder = `/proc/${pid}/fd`;
        const links: KvmLink[] = [];
        for (const fd of readdirSync(folder)) {
            const link = found(look(() => readlinkSync(`${folder}/${fd}`))) ?? '';
            const kind = kindOfLink(link);
            if (kind !== null) links.push({ fd: Number(fd), kind, link });
        }
        return links.sort((a, b) => a.fd - b.fd);
    });
}

export interface ProcessStatus {
    /** The process that this is a thread of; the pid itself for a process. */
    readonly threadGroup: number;
    /** Pid of the tracer, or null. */
    readonly tracer: number | null;
    readonly mainThreadEnded: boolean;
}

export function readStatus(pid: number): ProcessStatus | undefined {
    const text = found(look(() => readFileSync(`/proc/${pid}/status`, 'latin1')));
    if (text === undefined) return undefined;
    const field = (name: string) => Number(new RegExp(`^${name}:\\s*([0-9]+)`, 'm').exec(text)?.[1] ?? 0);
    const tracer = field('TracerPid');
    return {
        threadGroup: field('Tgid'),
        tracer: tracer === 0 ? null : tracer,
        mainThreadEnded: /^State:\s*[ZX]/m.test(text),
    };
}

/**
 * Whether other threads go on although the main thread has ended, with which /proc/PID/fd becomes empty. In a process that
 * is being killed the main thread may be gone first, too, but then the kernel has woken all others from their sleep before.
 */
export function goesOnWithoutMainThread(pid: number): boolean {
    const folder = `/proc/${pid}/task`;
    const sleeps = (tid: string) => /^State:\s*S/m.test(found(look(() => readFileSync(`${folder}/${tid}/status`, 'latin1'))) ?? '');
    return (found(look(() => readdirSync(folder))) ?? []).some(sleeps);
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

/** When the process was started, in clock ticks since boot: with its number, this names it for good. Undefined when it is gone. */
export function readStartTime(pid: number): string | undefined {
    const stat = found(look(() => readFileSync(`/proc/${pid}/stat`, 'utf8')));
    // The name in parentheses may itself hold parentheses and spaces: the fields begin after the last one.
    return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
