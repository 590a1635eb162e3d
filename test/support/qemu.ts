/**
 * QEMU with KVM as an independent witness: its monitor says what memory it gave the guest, its trace log every
 * KVM_SET_USER_MEMORY_REGION it made.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

export const qemuProgram = 'qemu-system-x86_64';

/** A memslot as KVM was last told, in address space `addressSpace`. */
export interface TracedMemslot {
    readonly addressSpace: number;
    readonly id: number;
    readonly gpa: bigint;
    readonly size: bigint;
    readonly hva: bigint;
    readonly flags: number;
}

/** A range of a flat view, both ends in bytes, half-open. */
export interface FlatRange {
    readonly start: bigint;
    readonly end: bigint;
    readonly kind: string;
}

type Reply = { readonly return?: unknown; readonly error?: { readonly desc: string } };

export class Qemu {
    private constructor(
        private readonly child: ChildProcess,
        private readonly lines: AsyncIterator<string>,
        private readonly folder: string,
    ) {}

    /** Throws with what QEMU said when it cannot start such a machine. `accelerator`: KVM with properties. */
    static async start(words: readonly string[], accelerator = 'kvm'): Promise<Qemu> {
        const folder = mkdtempSync(join(tmpdir(), 'guestmem-qemu-'));
        const common = ['-nodefaults', '-no-user-config', '-accel', accelerator, '-display', 'none', '-qmp', 'stdio'];
        const trace = ['-trace', 'kvm_set_user_memory', '-D', join(folder, 'trace')];
        const child = spawn(qemuProgram, [...common, ...trace, ...words], { stdio: 'pipe' });
        const complaints = text(child.stderr);
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const qemu = new Qemu(child, lines, folder);
        // A machine that QEMU refuses still greets at times; the first command tells.
        const started = await lines.next().then(
            async (greeting) => greeting.done !== true && (await qemu.execute('qmp_capabilities').catch(() => undefined)),
        );
        if (started === false || started === undefined) {
            await qemu.stop();
            throw new Error(await complaints);
        }
        return qemu;
    }

    get pid(): number {
        return this.child.pid ?? 0;
    }

    /** One QMP command; events that come in between are passed over. */
    async execute(command: string, words: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
        this.child.stdin?.write(`${JSON.stringify({ execute: command, arguments: words })}\n`);
        for (;;) {
            const line = await this.lines.next();
            if (line.done === true) throw new Error(`QEMU ended instead of answering '${command}'.`);
            const reply = JSON.parse(line.value) as Reply;
            if (reply.error !== undefined) throw new Error(`QEMU refused '${command}': ${reply.error.desc}`);
            if ('return' in reply) return reply.return;
        }
    }

    /** A command of the human monitor. */
    async monitor(line: string): Promise<string> {
        return (await this.execute('human-monitor-command', { 'command-line': line })) as string;
    }

    /** The memslots that KVM has by QEMU's trace log: every call replayed. */
    tracedMemslots(): TracedMemslot[] {
        const slots = new Map<number, TracedMemslot>();
        const event = /^kvm_set_user_memory Slot#(\d+) flags=(\S+) gpa=(\S+) size=(\S+) ua=(\S+) ret=0$/gm;
        for (const [, slot, flags, gpa, size, hva] of readFileSync(join(this.folder, 'trace'), 'utf8').matchAll(event)) {
            const number = Number(slot);
            if (BigInt(size ?? 0) === 0n) slots.delete(number);
            else {
                slots.set(number, {
                    addressSpace: number >> 16,
                    id: number & 0xffff,
                    gpa: BigInt(gpa ?? 0),
                    size: BigInt(size ?? 0),
                    hva: BigInt(hva ?? 0),
                    flags: Number(flags),
                });
            }
        }
        return [...slots.values()];
    }

    /** What `info mtree -f` says KVM has of QEMU's address space (a flat view carries its address spaces' names). */
    async kvmRanges(addressSpace: string): Promise<FlatRange[]> {
        const views = (await this.monitor('info mtree -f')).split(/^FlatView /m);
        const view = views.find((candidate) => candidate.includes(`AS "${addressSpace}", root:`)) ?? '';
        const line = /^ +([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, ([a-z/-]+)\): .*\bKVM\r?$/gm;
        return [...view.matchAll(line)].map(([, first, last, kind]) => ({
            start: BigInt(`0x${first ?? ''}`),
            end: BigInt(`0x${last ?? ''}`) + 1n,
            kind: kind ?? '',
        }));
    }

    /** Each vCPU's instruction pointer and CR3, as QEMU has them from KVM_GET_REGS and KVM_GET_SREGS. */
    async vcpuRegisters(): Promise<{ readonly rip: bigint; readonly cr3: bigint }[]> {
        const answer = await this.monitor('info registers -a');
        const all = [...answer.matchAll(/\b[ER]IP=([0-9a-f]+)[^]*?\bCR3=([0-9a-f]+)/g)];
        return all.map(([, rip, cr3]) => ({ rip: BigInt(`0x${rip ?? ''}`), cr3: BigInt(`0x${cr3 ?? ''}`) }));
    }

    /** Where QEMU has the byte of guest memory in its own address space. */
    async hostAddress(gpa: bigint): Promise<bigint> {
        const answer = await this.monitor(`gpa2hva 0x${gpa.toString(16)}`);
        const found = / is (0x[0-9a-f]+)/.exec(answer)?.[1];
        if (found === undefined) throw new Error(`gpa2hva of 0x${gpa.toString(16)}: ${answer}`);
        return BigInt(found);
    }

    /** Guest physical memory as QEMU reads it. */
    async examine(gpa: bigint, length: number): Promise<Buffer> {
        const answer = await this.monitor(`xp /${length}xb 0x${gpa.toString(16)}`);
        const bytes = answer.split('\n').flatMap((line) => line.replace(/^[0-9a-f]+:/, '').match(/0x[0-9a-f]{2}/g) ?? []);
        return Buffer.from(bytes.map(Number));
    }

    async stop(): Promise<void> {
        if (this.child.exitCode === null && this.child.signalCode === null) {
            const exited = once(this.child, 'exit');
            this.child.kill('SIGKILL');
            await exited;
        }
        rmSync(this.folder, { recursive: true, force: true });
    }
}
