/** A VMM that gets into states in which nobody may execute an ioctl in it (difficult_vmm.c tells which). */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileFixture } from '../native/fixtures';

export type Trouble = 'replace' | 'exec close' | 'exec keep' | 'vfork' | 'guard' | 'leader' | 'exit';

export class DifficultVmm {
    private constructor(
        private readonly child: ChildProcess,
        private readonly lines: AsyncIterator<string>,
        readonly pid: number,
        readonly vmFd: number,
    ) {}

    /** `through`: a command whose words come before its own. */
    static async start(through: readonly string[] = []): Promise<DifficultVmm> {
        const words = ['--pdeathsig', 'KILL', ...through, compileFixture('difficult_vmm.c')];
        const child = spawn('setpriv', words, { stdio: ['pipe', 'pipe', 'inherit'] });
        // A command that it is told may be its last.
        child.stdin.on('error', () => undefined);
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const first = await lines.next();
        if (first.done === true) throw new Error('difficult_vmm ended instead of telling of itself.');
        const { pid, vm } = JSON.parse(first.value) as { pid: number; vm: number };
        return new DifficultVmm(child, lines, pid, vm);
    }

    get id(): string {
        return `${this.pid}:${this.vmFd}`;
    }

    /** As in /proc/PID/stat: S, D, T, Z … */
    get state(): string {
        return /^State:\t(\S)/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1] ?? '';
    }

    /** Until it answers, and is asleep in what it does then. */
    async getInto(trouble: Trouble, state: string): Promise<void> {
        this.child.stdin?.write(`${trouble}\n`);
        if (trouble !== 'exit') await this.lines.next();
        await this.reaches(state);
        // The state may be that of the sleep before.
        const where = () => readFileSync(`/proc/${this.pid}/syscall`, 'utf8').split(' ')[0];
        while (state === 'S' && trouble !== 'replace' && where() !== '34') await sleep(5); // pause
        const folder = `/proc/${this.pid}/task`;
        const othersSleep = () => readdirSync(folder).some((tid) => /^State:\tS/m.test(readFileSync(`${folder}/${tid}/status`, 'utf8')));
        while (trouble === 'leader' && !othersSleep()) await sleep(5);
    }

    async reaches(state: string): Promise<void> {
        while (this.state !== state) await sleep(5);
    }

    signal(signal: NodeJS.Signals): void {
        process.kill(this.pid, signal);
    }

    async end(): Promise<void> {
        if (this.child.exitCode !== null || this.child.signalCode !== null) return;
        const exited = once(this.child, 'exit');
        this.child.kill('SIGKILL');
        await exited;
    }
}
