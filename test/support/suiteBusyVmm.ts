/** A process with a VM that makes as many events as it can, for a whole suite (busy_vmm.c tells its commands). */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { compileFixture } from '../native/fixtures';
import { requireKvm, requireRoot } from './requirements';

/** Call it inside `describe`; the function it returns gives the process to the tests. */
export function suiteBusyVmm(): () => BusyVmm {
    let vmm: BusyVmm | undefined;
    before('start a busy VMM', async function () {
        requireKvm(this);
        requireRoot(this);
        vmm = await BusyVmm.start();
    });
    after('end the busy VMM', () => vmm?.end());
    return () => vmm ?? assert.fail('the busy VMM was not started');
}

export class BusyVmm {
    private constructor(
        private readonly child: ChildProcess,
        private readonly lines: AsyncIterator<string>,
        /** Of its VM. */
        readonly id: string,
    ) {}

    static async start(): Promise<BusyVmm> {
        const child = spawn('setpriv', ['--pdeathsig', 'KILL', compileFixture('busy_vmm.c', '-pthread')], { stdio: ['pipe', 'pipe', 'inherit'] });
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        return new BusyVmm(child, lines, `${child.pid ?? 0}:${await nextLine(lines)}`);
    }

    /** Goes on while it carries that out. */
    begin(command: string): void {
        this.child.stdin?.write(`${command}\n`);
    }

    /** Waits until it has carried that out. */
    async tell(command: string): Promise<void> {
        this.begin(command);
        await nextLine(this.lines);
    }

    end(): void {
        this.child.kill('SIGKILL');
    }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
    const line = await lines.next();
    if (line.done === true) throw new Error('busy_vmm ended instead of answering.');
    return line.value;
}
