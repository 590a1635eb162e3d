/**
 * The demo VMM as a fixture: starts demo/build/guestmem-demo, holds what it told about itself, and speaks its line
 * protocol. Its own word (its report, its record of private ranges, what its guest reads) is what tests compare with.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Hex } from '../../src/common/address';

export interface DemoRange {
    readonly gpa: Hex;
    readonly size: Hex;
}

/** Only with --kinds. */
export type HostMemoryKind = 'file' | 'shmem' | 'zero' | 'mixed-rights' | 'hole' | 'huge' | 'hugetlb';

export interface DemoMemslot extends DemoRange {
    readonly id: number;
    readonly hva: Hex;
    readonly kind: 'anonymous' | 'memfd' | 'read-only' | 'dirty-logged' | 'guest_memfd' | HostMemoryKind;
    readonly flags: readonly string[];
    readonly guestMemfd: { readonly fd: number; readonly offset: Hex } | null;
    /** Its pages are used by the guest, so the VMM maps them or the guest_memfd holds them. */
    readonly touched: DemoRange | null;
    /** Its pages are in the memfd or guest_memfd behind the slot, and nobody has used them. */
    readonly cached: DemoRange | null;
}

export interface DemoReport {
    readonly pid: number;
    readonly vmFd: number;
    readonly type: 'default' | 'sw-protected';
    readonly vcpus: number;
    /** What the guest converts, a chunk at each tick. */
    readonly sweep: DemoRange | null;
    readonly memslots: readonly DemoMemslot[];
    readonly guestMemfds: readonly { readonly fd: number; readonly size: Hex; readonly flags: readonly string[] }[];
    /** Further, bare VMs of the same process. */
    readonly otherVmFds: readonly number[];
    /** A child process that holds the same VMs. */
    readonly holder: number | null;
}

export interface DemoAccess {
    readonly gpa: Hex;
    readonly value?: number;
    readonly exit?: 'mmio' | 'memory-fault' | 'efault' | 'shutdown';
    readonly faultGpa?: Hex;
}

export interface DemoOptions {
    /** A command that starts the VMM: its words come before the VMM's own. */
    readonly through?: readonly string[];
    /** Drops what it says on stderr, where it is asked for something that this kernel may not offer. */
    readonly quiet?: boolean;
}

export const demoProgram = 'demo/build/guestmem-demo';
/** Milliseconds; it only ends one that hangs. */
const startTimeout = 150_000;

export class DemoVmm {
    private constructor(
        private readonly child: ChildProcess,
        private readonly lines: AsyncIterator<string>,
        readonly report: DemoReport,
    ) {}

    static async start(words: readonly string[] = [], options: DemoOptions = {}): Promise<DemoVmm> {
        const [command = '', ...rest] = [...(options.through ?? []), demoProgram, ...words];
        const child = spawn(command, rest, { stdio: ['pipe', 'pipe', options.quiet === true ? 'ignore' : 'inherit'] });
        await once(child, 'spawn');
        // A test that fails may not get to stopping it.
        const killWithThisProcess = () => child.kill('SIGKILL');
        process.once('exit', killWithThisProcess);
        child.once('exit', () => process.removeListener('exit', killWithThisProcess));
        // A VMM that was killed cannot be told anything; the missing answer or the awaited exit says so.
        child.stdin.on('error', () => undefined);
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const first = await Promise.race([lines.next(), sleep(startTimeout, undefined, { ref: false })]);
        if (first === undefined || first.done === true) {
            child.kill('SIGKILL');
            throw new Error(`The demo VMM (${[command, ...rest].join(' ')}) did not start; its message is above.`);
        }
        return new DemoVmm(child, lines, JSON.parse(first.value) as DemoReport);
    }

    /** `pid:fd` of its first VM. */
    get id(): string {
        return `${this.report.pid}:${this.report.vmFd}`;
    }

    /** The process that was started: the VMM, or the command it was started through. */
    get startedPid(): number {
        return this.child.pid ?? 0;
    }

    /** The first memslot of a kind; a test that asks for one that this kernel does not offer fails. */
    memslot(kind: DemoMemslot['kind'], index = 0): DemoMemslot {
        const slot = this.report.memslots.filter((candidate) => candidate.kind === kind)[index];
        if (slot === undefined) throw new Error(`The demo VMM has no memslot ${index} of kind ${kind}.`);
        return slot;
    }

    /** The byte as the guest reads it. */
    async read(gpa: bigint): Promise<DemoAccess> {
        return (await this.tell(`read 0x${gpa.toString(16)}`)) as DemoAccess;
    }

    async write(gpa: bigint, byte: number): Promise<DemoAccess> {
        return (await this.tell(`write 0x${gpa.toString(16)} ${byte}`)) as DemoAccess;
    }

    /** The guest writes an instruction there and executes it. */
    async execute(gpa: bigint): Promise<DemoAccess> {
        return (await this.tell(`execute 0x${gpa.toString(16)}`)) as DemoAccess;
    }

    /** The VMM itself sets the attribute. */
    async setAttribute(gpa: bigint, size: bigint, attribute: 'private' | 'shared'): Promise<void> {
        await this.order(`attributes 0x${gpa.toString(16)} 0x${size.toString(16)} ${attribute}`);
    }

    /**
     * The VMM changes what it has mapped behind a GPA: gives pages back, reads them, makes them read-only and writable.
     */
    async changeHostMemory(gpa: bigint, size: bigint, change: 'drop' | 'touch' | 'page-out' | 'protect' | 'permit' | 'pin'): Promise<void> {
        await this.order(`host 0x${gpa.toString(16)} 0x${size.toString(16)} ${change}`);
    }

    /** The VMM's own record of what it made private. */
    async privateRanges(): Promise<readonly DemoRange[]> {
        return ((await this.tell('ranges')) as { private: DemoRange[] }).private;
    }

    /** KVM_GET_DIRTY_LOG: the memslot's dirty pages, which are clean and protected against writing from then on. */
    async takeDirtyLog(memslot: number): Promise<readonly DemoRange[]> {
        return ((await this.tell(`dirty-log ${memslot}`)) as { dirty: DemoRange[] }).dirty;
    }

    /** From now on KVM logs the memslot's dirty pages, or no longer. */
    async setDirtyLogging(memslot: number, on: boolean): Promise<void> {
        await this.order(`log-dirty ${memslot} ${on ? 'on' : 'off'}`);
    }

    /** Has KVM map memory that the guest has not used. */
    async preFault(gpa: bigint, size: bigint): Promise<void> {
        await this.order(`pre-fault 0x${gpa.toString(16)} 0x${size.toString(16)}`);
    }

    /** Sets a memslot with these arguments, by the newer call where a guest_memfd is given. Returns the error's text, or null. */
    async setMemslot(slot: number, flags: number, gpa: bigint, size: bigint, hva: bigint, guestMemfd?: { readonly fd: number; readonly offset: bigint }): Promise<string | null> {
        const words = [slot, flags, gpa, size, hva, ...(guestMemfd === undefined ? [] : [guestMemfd.fd, guestMemfd.offset])];
        const answer = (await this.tell(`memslot ${words.map((word) => `0x${word.toString(16)}`).join(' ')}`)) as { readonly error?: string };
        return answer.error ?? null;
    }

    /** Makes a further guest_memfd. Returns its fd, or the error's text. */
    async createGuestMemfd(size: bigint, flags: number): Promise<number | string> {
        const answer = (await this.tell(`guest-memfd 0x${size.toString(16)} 0x${flags.toString(16)}`)) as { readonly fd?: number; readonly error?: string };
        return answer.fd ?? answer.error ?? 'no answer';
    }

    /** Closes a file descriptor of the VMM. */
    async closeFile(fd: number): Promise<void> {
        await this.tell(`close ${fd}`);
    }

    /** Stops or continues the guest's own conversions. */
    async setPaused(paused: boolean): Promise<void> {
        await this.tell(paused ? 'pause' : 'resume');
    }

    /** From now on a seccomp filter kills the VMM when it calls restart_syscall, or a strict one when it sets an attribute. */
    async enterSandbox(kind: 'strict' | 'permissive'): Promise<void> {
        await this.order(`sandbox ${kind}`);
    }

    /** Sends a signal without waiting for anything. */
    kill(signal: NodeJS.Signals = 'SIGKILL'): void {
        this.child.kill(signal);
    }

    get running(): boolean {
        return this.child.exitCode === null && this.child.signalCode === null;
    }

    /** Ends the VMM and waits for its end. */
    async stop(): Promise<void> {
        if (!this.running) return;
        const exited = once(this.child, 'exit');
        this.child.stdin?.end('quit\n');
        if ((await Promise.race([exited, sleep(2000, undefined, { ref: false })])) === undefined) this.kill();
        await exited;
    }

    /** Throws what the VMM says went wrong. */
    private async order(line: string): Promise<void> {
        const answer = await this.tell(line);
        if (typeof answer === 'object' && answer !== null && 'error' in answer) throw new Error(String(answer.error));
    }

    private async tell(line: string): Promise<unknown> {
        this.child.stdin?.write(`${line}\n`);
        const answer = await this.lines.next();
        if (answer.done === true) throw new Error(`The demo VMM ended instead of answering '${line}'.`);
        return JSON.parse(answer.value);
    }
}
