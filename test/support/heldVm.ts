/** A VM whose files are closed, passed on and mapped as a test says (held_vm.c tells how). */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compileFixture } from '../native/fixtures';
import { requireKvm, requireRoot } from './requirements';
import { skip } from './skip';

export interface HeldVmReport {
    readonly pid: number;
    /** A process that holds what was passed to it. */
    readonly receiver: number;
    readonly vm: number;
    readonly vcpu: number;
    readonly gmem: number;
}

interface Answer {
    readonly fd: number;
    readonly hva: string;
    readonly pages: number;
    readonly pid: number;
    readonly nodes: readonly number[];
}

const program = 'out/native/held_vm';

/** Skips where this kernel has no guest_memfd that can be mapped. */
export function requireHeldVm(context: Mocha.Context): void {
    requireRoot(context);
    requireKvm(context);
    compileFixture('held_vm.c');
    const { status, stderr } = spawnSync(program, ['16'], { input: '', encoding: 'utf8' });
    if (status !== 0) skip(context, `needs a guest_memfd that can be mapped: ${stderr.trim()}`);
}

export class HeldVm {
    private constructor(
        private readonly child: ChildProcess,
        private readonly lines: AsyncIterator<string>,
        readonly report: HeldVmReport,
    ) {}

    static async start(pages: number): Promise<HeldVm> {
        const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, String(pages)], { stdio: ['pipe', 'pipe', 'inherit'] });
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        return new HeldVm(child, lines, JSON.parse(await nextLine(lines)) as HeldVmReport);
    }

    /** The answer to one command; what is not asked for in it is undefined. */
    async tell(command: string): Promise<Answer> {
        this.child.stdin?.write(`${command}\n`);
        return JSON.parse(await nextLine(this.lines)) as Answer;
    }

    /** Ends the first process, and with it the receiver unless that was killed; children of `fork` too. */
    async end(): Promise<void> {
        if (this.child.exitCode !== null || this.child.signalCode !== null) return;
        const ended = once(this.child, 'exit');
        this.child.kill('SIGKILL');
        await ended;
    }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
    const answer = await lines.next();
    if (answer.done === true) throw new Error('held_vm ended instead of answering.');
    return answer.value;
}
