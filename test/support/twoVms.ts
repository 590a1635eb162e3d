/** A process with two VMs, which makes events in either as a test says (two_vms.c tells how). */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compileFixture } from '../native/fixtures';
import { requireKvm, requireRoot } from './requirements';
import { skip } from './skip';

export interface TwoVmsReport {
    readonly pid: number;
    /** Their fds. */
    readonly vms: readonly [number, number];
    /** Of their guest_memfds. */
    readonly inodes: readonly [number, number];
}

/** One such process for a whole suite. Call it inside `describe`; the function it returns gives it to the tests. */
export function suiteTwoVms(): () => TwoVms {
    let vms: TwoVms | undefined;
    before('start a process with two VMs', async function () {
        requireTwoVms(this);
        vms = await TwoVms.start();
    });
    after('end the process with two VMs', () => vms?.end());
    return () => vms ?? assert.fail('the process with two VMs was not started');
}

/** Skips where a VM of the default type has no guest_memfd. */
function requireTwoVms(context: Mocha.Context): void {
    requireRoot(context);
    requireKvm(context);
    const { status, stderr } = spawnSync(compileFixture('two_vms.c'), { input: '', encoding: 'utf8' });
    if (status !== 0) skip(context, `needs a guest_memfd in a VM of the default type: ${stderr.trim()}`);
}

export class TwoVms {
    private constructor(
        private readonly child: ChildProcess,
        private readonly lines: AsyncIterator<string>,
        readonly report: TwoVmsReport,
    ) {}

    static async start(): Promise<TwoVms> {
        const child = spawn('setpriv', ['--pdeathsig', 'KILL', compileFixture('two_vms.c')], { stdio: ['pipe', 'pipe', 'inherit'] });
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        return new TwoVms(child, lines, JSON.parse(await nextLine(lines)) as TwoVmsReport);
    }

    idOf(vm: 0 | 1): string {
        return `${this.report.pid}:${this.report.vms[vm]}`;
    }

    /** The answer to one command. */
    async tell(command: string): Promise<{ readonly hva?: string; readonly byte?: number; readonly errno?: number }> {
        this.child.stdin?.write(`${command}\n`);
        return JSON.parse(await nextLine(this.lines)) as object;
    }

    async end(): Promise<void> {
        if (this.child.exitCode !== null || this.child.signalCode !== null) return;
        const ended = once(this.child, 'exit');
        this.child.kill('SIGKILL');
        await ended;
    }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
    const line = await lines.next();
    if (line.done === true) throw new Error('two_vms ended instead of answering.');
    return line.value;
}
