/** A process that changes the pages of a file at random and tells their states by the kernel's own calls. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { skip } from '../support/skip';
import { compileFixture } from './fixtures';

export interface PageStates {
    readonly pid: number;
    readonly fd: number;
    readonly vmFd: number;
    readonly hva: string;
    readonly pages: number;
    /** A digit per page: 0 absent, 1 allocated, 2 up to date. */
    readonly states: string;
    /** 1 for each page that begins with its own number's last byte; the others are zeros or absent. */
    readonly written: string;
}

export type FileKind = 'guest_memfd' | 'memfd';

const program = 'out/native/random_pages';

/** Skips where this kernel has no guest_memfd that can be mapped, or no cachestat. */
export function requireRandomPages(context: Mocha.Context, kind: FileKind): void {
    compileFixture('random_pages.c');
    const { status, stderr } = spawnSync(program, [kind, '1', '1'], { input: 'tell\n', encoding: 'utf8' });
    if (status !== 0) skip(context, `needs a ${kind} to map and cachestat to ask: ${stderr.trim()}`);
}

export class RandomPages {
    private readonly child: ChildProcess;
    private readonly lines: AsyncIterator<string>;

    constructor(kind: FileKind, pages: number, seed: number) {
        this.child = spawn(program, [kind, String(pages), String(seed)], { stdio: ['pipe', 'pipe', 'inherit'] });
        if (this.child.stdout === null) throw new Error('The fixture has no stdout.');
        this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    }

    async tell(command = 'tell'): Promise<PageStates> {
        this.child.stdin?.write(`${command}\n`);
        const answer = await this.lines.next();
        if (answer.done === true) throw new Error(`The fixture ended instead of answering '${command}'.`);
        return JSON.parse(answer.value) as PageStates;
    }

    end(): void {
        this.child.kill('SIGKILL');
    }
}
