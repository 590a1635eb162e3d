/**
 * The programs of the injection tests: a driver around the library, a victim that checks itself, and processes that are
 * hard to inject into. Built with the compiler when their sources are newer.
 */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const fixtures = 'test/native/fixtures';
const built = 'out/inject';
export const seccompOracle = join(built, 'seccomp_oracle');
export const program32Bit = join(built, 'program_32_bit');
export const driverProgram = join(built, 'inject_driver');

function sourcesIn(folder: string, endings: readonly string[]): string[] {
    return readdirSync(folder)
        .filter((name) => endings.some((ending) => name.endsWith(ending)))
        .map((name) => join(folder, name));
}

type Files = readonly string[];
async function buildProgram(name: string, compiler: string, sources: Files, headers: Files, more: readonly string[] = []): Promise<void> {
    const program = join(built, name);
    const newest = Math.max(...[...sources, ...headers].map((file) => statSync(file).mtimeMs));
    if (existsSync(program) && statSync(program).mtimeMs > newest) return;
    const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-pthread', '-Inative/src'];
    if (compiler === 'g++') flags.push('-std=c++17');
    await execute(compiler, [...flags, ...more, ...sources, '-o', program]);
}

export async function buildPrograms(): Promise<void> {
    mkdirSync(built, { recursive: true });
    const library = 'native/src';
    await buildProgram(
        'victim',
        'gcc',
        ['victim.c', 'vector_state.c', 'checked_call.S'].map((name) => join(fixtures, name)),
        ['vector_state.h', 'checked_call.h'].map((name) => join(fixtures, name)),
    );
    await buildProgram('program_32_bit', 'gcc', [join(fixtures, 'program_32_bit.S')], [], ['-m32', '-nostdlib', '-static', '-no-pie']);
    await buildProgram('difficult_target', 'gcc', [join(fixtures, 'difficult_target.c')], []);
    await buildProgram(
        'seccomp_oracle',
        'g++',
        [join(fixtures, 'seccomp_oracle.cc'), join(library, 'inject/seccomp_program.cc')],
        [join(library, 'inject/seccomp_program.h')],
    );
    await buildProgram(
        'inject_driver',
        'g++',
        [
            join(fixtures, 'inject_driver.cc'),
            join(library, 'kvm/set_attributes.cc'),
            join(library, 'kvm/injection.cc'),
            ...sourcesIn(join(library, 'inject'), ['.cc']),
        ],
        [join(library, 'kvm/set_attributes.h'), join(library, 'kvm/injection.h'), ...sourcesIn(join(library, 'inject'), ['.h'])],
    );
}

export type DriverOutcome =
    | { readonly kind: 'returned'; readonly value: number; readonly tid: number; readonly stopped: number; readonly suspended: boolean }
    | { readonly kind: 'refused'; readonly reason: string; readonly tracer: number; readonly detail: string }
    | { readonly kind: 'unknown'; readonly tid: number; readonly detail: string }
    | { readonly kind: 'permitted' };

export interface DriverReport {
    readonly outcomes: readonly DriverOutcome[];
    /** How many injectors were killed after each step. */
    readonly killedAt: Readonly<Record<string, number>>;
}

export interface DriverStart {
    /** A copy of the driver that another user can reach. */
    readonly program?: string;
    /** Who runs it. */
    readonly user?: number;
    /** A command whose words come before its own. */
    readonly through?: readonly string[];
}

/** Runs the driver; its words are described in inject_driver.cc. */
export async function drive(words: readonly (string | number)[], start: DriverStart = {}): Promise<DriverReport> {
    const identity = start.user === undefined ? {} : { uid: start.user, gid: start.user };
    const [program = '', ...rest] = [...(start.through ?? []), start.program ?? driverProgram, ...words.map(String)];
    const { stdout } = await execute(program, rest, { maxBuffer: 1 << 26, ...identity });
    return JSON.parse(stdout) as DriverReport;
}

export const sumOf = (killedAt: DriverReport['killedAt']): number => Object.values(killedAt).reduce((sum, times) => sum + times, 0);

/** The one outcome of one injection. */
export async function driveOnce(words: readonly (string | number)[], start: DriverStart = {}): Promise<DriverOutcome> {
    const { outcomes } = await drive(words, start);
    const [outcome, ...others] = outcomes;
    assert.ok(outcome !== undefined && others.length === 0);
    return outcome;
}

class Program {
    protected readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
    private readonly lines: AsyncIterator<string>;
    private complaints = '';

    constructor(name: string, words: readonly string[] = []) {
        this.child = spawn(join(built, name), words, { stdio: ['pipe', 'pipe', 'pipe'] });
        this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
        this.child.stderr.on('data', (text: Buffer) => (this.complaints += text.toString()));
    }

    async nextLine(): Promise<string> {
        const line = await this.lines.next();
        if (line.done === true) throw new Error(`${this.child.spawnfile} ended: ${this.said}`);
        return line.value;
    }

    /** The end of what it wrote to stderr. */
    get said(): string {
        return this.complaints.slice(-2000);
    }

    async kill(): Promise<void> {
        if (this.child.exitCode !== null || this.child.signalCode !== null) return;
        const exit = once(this.child, 'exit');
        this.child.kill('SIGKILL');
        await exit;
    }
}

export type TargetKind =
    | 'sleeping'
    | 'filtered'
    | 'filtered-with-log'
    | 'filtered-with-trap'
    | 'filtered-with-errno'
    | 'filtered-by-ioctl'
    | 'filtered-twice'
    | 'filtered-sleep'
    | 'strict'
    | 'traced'
    | 'zombie'
    | 'computing'
    | 'compatible'
    | 'halted-vcpu'
    | 'vcpu-outside';

/** One of the processes of difficult_target.c. */
export class DifficultTarget extends Program {
    private constructor(kind: TargetKind) {
        super('difficult_target', [kind]);
    }
    pid = 0;

    static async start(kind: TargetKind): Promise<DifficultTarget> {
        const target = new DifficultTarget(kind);
        target.pid = (JSON.parse(await target.nextLine()) as { pid: number }).pid;
        return target;
    }

    /** The process that was started: the target itself or its parent. */
    get startedPid(): number {
        return this.child.pid ?? 0;
    }
}

/** What one thread of the victim found when it checked itself. */
export interface VictimThread {
    readonly name: string;
    readonly tid: number;
    readonly iterations: number;
    readonly corrupt: number;
    /** Calls that ended with EINTR and should not have. */
    readonly interrupted: number;
    /** Calls with any other wrong result. */
    readonly unexpected: number;
    /** Sleeps that were too short. */
    readonly early: number;
    readonly wrongData: number;
    readonly wrongMask: number;
    readonly signals: number;
    readonly lostSignals: number;
}

export class Victim extends Program {
    private constructor() {
        super('victim');
    }
    pid = 0;
    /** -1 without /dev/kvm. */
    vmFd = -1;
    private last: readonly VictimThread[] = [];

    static async start(): Promise<Victim> {
        const victim = new Victim();
        const told = JSON.parse(await victim.nextLine()) as { pid: number; vmFd: number };
        victim.pid = told.pid;
        victim.vmFd = told.vmFd;
        victim.last = await victim.report();
        return victim;
    }

    async report(): Promise<readonly VictimThread[]> {
        this.child.stdin.write('\n');
        return (JSON.parse(await this.nextLine()) as { threads: VictimThread[] }).threads;
    }

    /** The threads that check themselves, as the driver takes them. */
    get tids(): string {
        return this.last.map((thread) => thread.tid).join(',');
    }

    /** As of its last report. */
    thread(name: string): VictimThread {
        const thread = this.last.find((candidate) => candidate.name === name);
        if (thread === undefined) throw new Error(`The victim has no thread '${name}'.`);
        return thread;
    }

    /** Fails unless every thread still works and found nothing wrong; `mayInterrupt` names those that may see EINTR. */
    async checkUnharmed(mayInterrupt: readonly string[] = []): Promise<void> {
        const before = new Map(this.last.map((thread) => [thread.name, thread.iterations]));
        const resting = () => this.last.filter(({ name, iterations }) => iterations <= (before.get(name) ?? 0));
        // On a busy machine a thread may have to wait for its turn.
        const deadline = Date.now() + 20_000;
        do {
            this.last = await this.report();
        } while (resting().length > 0 && Date.now() < deadline);
        assert.deepEqual(resting().map(({ name, tid }) => `${name} (${tid})`), [], 'these threads no longer work');
        for (const thread of this.last) {
            const { name, interrupted, corrupt, unexpected, early, wrongData, wrongMask, lostSignals } = thread;
            const none = { corrupt: 0, unexpected: 0, early: 0, wrongData: 0, wrongMask: 0, lostSignals: 0 };
            const problems = { corrupt, unexpected, early, wrongData, wrongMask, lostSignals };
            assert.deepEqual(problems, none, `${name}: ${this.said}`);
            if (!mayInterrupt.includes(name)) assert.equal(interrupted, 0, `${name} saw EINTR: ${this.said}`);
        }
    }
}
