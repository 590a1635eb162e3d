/**
 * A machine whose KVM has private memory: the kernel named by GUESTMEM_TEST_KERNEL under QEMU's software emulation,
 * with this machine's root as its root (read-only over 9p below a memory overlay). Every file is at the same path
 * inside; what is written inside is gone with the machine, except below /out, the folder `out` here.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface NestedOptions {
    /** Run by /bin/sh as root in the current directory of this process; the machine powers off after it. */
    readonly command: string;
    /** Environment of the command, beside PATH and HOME. */
    readonly environment?: Readonly<Record<string, string>>;
    /** Milliseconds after which the machine is ended; undefined = never. */
    readonly timeout?: number;
    readonly memory?: string;
    readonly kernel?: string;
    readonly initrd?: string;
    /** Further kernel command line words, for example `numa=fake=2`. */
    readonly kernelArguments?: readonly string[];
}

export interface NestedResult {
    readonly stdout: string;
    readonly stderr: string;
    readonly status: number;
}

/** The name of the virtio-serial port inside, where serveAgent.sh lets an agent speak. */
const agentPort = 'guestmem.agent';

const bootTries = 3;
/** Milliseconds; a boot takes ten seconds, on a busy machine a minute. */
const bootLimit = 180_000;

export class NestedMachine {
    /** Private to this user; holds the console's log, the socket and what the command wrote below /out. */
    readonly out: string;
    /** A unix socket bridged to the agent's port inside; scripts/nested/relay.mjs speaks to it. */
    readonly agentSocket: string;
    private readonly log: string;
    private qemu: ChildProcess;
    private readonly ended: Promise<void>;
    private isEnded = false;
    private failure: string | undefined;

    constructor(options: NestedOptions) {
        const kernel = kernelPath(options);
        this.out = mkdtempSync(join(tmpdir(), 'guestmem-nested-'));
        this.agentSocket = join(this.out, 'agent.sock');
        this.log = join(this.out, 'console.log');
        writeFileSync(join(this.out, 'command'), commandScript(options));
        // The machine dies with this process, also when that is killed.
        const words = ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...this.arguments(kernel, options)];
        const boot = () => spawn('setpriv', words, { stdio: ['ignore', 'ignore', 'pipe'] });
        this.qemu = boot();
        this.ended = this.untilEnd(boot, options.timeout);
    }

    /** Boots again what never comes to its command: of many emulated boots one hangs. The last try has all the time there is. */
    private async untilEnd(boot: () => ChildProcess, timeout: number | undefined): Promise<void> {
        const end = timeout === undefined ? undefined : setTimeout(() => this.kill(`it was still running after ${timeout} ms`), timeout);
        for (let triesLeft = bootTries - 1; (await this.untilExit(triesLeft > 0 ? bootLimit : undefined)) === 'hung' && this.failure === undefined; triesLeft--) {
            console.warn(`guestmem: a nested machine had not booted after ${bootLimit / 1000} s; it is booted again`);
            this.qemu = boot();
        }
        clearTimeout(end);
        this.isEnded = true;
    }

    /** A machine that has not come to its command after `limit` milliseconds is killed. */
    private async untilExit(limit: number | undefined): Promise<'exited' | 'hung'> {
        const { qemu } = this;
        let how: 'exited' | 'hung' = 'exited';
        const look = () => {
            if (existsSync(join(this.out, 'stdout'))) return;
            how = 'hung';
            qemu.kill('SIGKILL');
        };
        const patience = limit === undefined ? undefined : setTimeout(look, limit);
        let complaints = '';
        qemu.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text));
        await new Promise<void>((resolve) => {
            qemu.once('error', (error) => {
                this.failure = `setpriv did not start: ${error.message}`;
                resolve();
            });
            qemu.once('close', () => resolve());
        });
        clearTimeout(patience);
        if (complaints !== '') this.failure ??= complaints.trim();
        return how;
    }

    private kill(reason: string): void {
        this.failure ??= reason;
        this.qemu.kill('SIGKILL');
    }

    /** Waits until the command has ended; throws with the tail of the console when the machine ended before it. */
    async result(): Promise<NestedResult> {
        await this.ended;
        const read = (name: string) => {
            const path = join(this.out, name);
            return existsSync(path) ? readFileSync(path, 'utf8') : '';
        };
        const status = read('status').trim();
        if (status === '' || this.failure !== undefined) throw this.error(read('stdout') + read('stderr'));
        return { stdout: read('stdout'), stderr: read('stderr'), status: Number(status) };
    }

    /** Waits until an agent can be reached through `agentSocket`, for a command that runs scripts/nested/serveAgent.sh. */
    async agentReady(): Promise<void> {
        while (!this.isEnded && !existsSync(join(this.out, 'agent-ready'))) await sleep(100);
        if (this.isEnded) throw this.error('');
        chmodSync(this.agentSocket, 0o600);
    }

    /** Ends the machine if it still runs, and forgets what it wrote. */
    async close(): Promise<void> {
        this.kill('it was ended');
        await this.ended;
        rmSync(this.out, { recursive: true, force: true });
    }

    private error(output: string): Error {
        const tail = (text: string) => text.trimEnd().split('\n').slice(-30).join('\n');
        const log = existsSync(this.log) ? readFileSync(this.log, 'utf8') : '';
        return new Error(
            `The nested machine ended without a result: ${this.failure ?? 'it stopped'}.\n` +
                `Its console said last:\n${tail(log)}\nIts command said last:\n${tail(output)}`,
        );
    }

    private arguments(kernel: string, options: NestedOptions): string[] {
        const init = resolve('scripts/nested/init.sh');
        const share = (id: string, path: string, rest: string) => [
            ...['-fsdev', `local,id=${id},path=${path},security_model=none${rest}`],
            ...['-device', `virtio-9p-pci,fsdev=${id},mount_tag=${id}`],
        ];
        const root = 'root=root rootfstype=9p rootflags=trans=virtio,version=9p2000.L,msize=262144,cache=loose ro';
        return [
            ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-monitor', 'none'],
            // KVM inside needs an emulated CPU with AMD's SVM; five-level paging (la57) only makes it slower.
            ...['-M', 'q35', '-accel', 'tcg,thread=multi', '-cpu', 'max,-la57', '-smp', '2'],
            ...['-m', options.memory ?? '3G', '-kernel', kernel],
            ...(options.initrd === undefined ? [] : ['-initrd', resolve(options.initrd)]),
            // The kernel's test of its timer waits for ticks, which come too late from a busy host; it would stop there.
            ...['-append', `console=ttyS0 no_timer_check ${root} init=${init} panic=-1 quiet ${(options.kernelArguments ?? []).join(' ')}`],
            ...share('root', '/', ',readonly=on,multidevs=remap'),
            ...share('out', this.out, ''),
            ...['-device', 'virtio-rng-pci', '-serial', `file:${this.log}`],
            ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=agent,path=${this.agentSocket},server=on,wait=off`],
            ...['-device', `virtserialport,chardev=agent,name=${agentPort}`],
        ];
    }
}

/** Boots a machine for one command. */
export async function runNested(options: NestedOptions): Promise<NestedResult> {
    const machine = new NestedMachine(options);
    try {
        return await machine.result();
    } finally {
        await machine.close();
    }
}

function kernelPath(options: NestedOptions): string {
    const kernel = options.kernel ?? process.env['GUESTMEM_TEST_KERNEL'];
    if (kernel === undefined || !existsSync(kernel)) {
        const found = kernel === undefined ? 'GUESTMEM_TEST_KERNEL is not set' : `there is no file ${resolve(kernel)}`;
        throw new Error(`No kernel to boot: ${found}. 'node scripts/buildTestKernel.mjs' builds one and prints its path.`);
    }
    return resolve(kernel);
}

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

function commandScript({ command, environment }: NestedOptions): string {
    const exports = Object.entries(environment ?? {}).map(([name, value]) => `export ${name}=${quote(value)}\n`);
    return `cd ${quote(process.cwd())} || exit 125\n${exports.join('')}${command}\n`;
}
