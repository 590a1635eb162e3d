/**
 * The files of the record of changes: one that lines are appended to, and full ones before it, named by when they were
 * full. Several agents may write at once, and none of them waits for another.
 */
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export class RecordFiles {
    /** A new file is begun after this many bytes; of full ones at least as many are kept. */
    constructor(
        readonly path: string,
        private readonly largest: number,
    ) {}

    append(line: string): void {
        makeFolder(dirname(this.path));
        if ((statSync(this.path, { throwIfNoEntry: false })?.size ?? 0) > this.largest) this.rotate();
        appendFileSync(this.path, `${line}\n`, { mode: 0o600 });
    }

    /** Oldest first. */
    lines(): string[] {
        return [...this.full(), this.path].flatMap((path) => readIfThere(path).split('\n'));
    }

    /** Another agent may do so at the same moment: no file takes another's name, and what is pruned is surely old. */
    rotate(): void {
        const full = `${this.path}.${new Date().toISOString()}-${process.hrtime.bigint()}-${process.pid}`;
        unlessGone(() => renameSync(this.path, full));
        let newer = 0;
        for (const path of this.full().reverse()) {
            if (newer >= this.largest) rmSync(path, { force: true });
            newer += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
        }
    }

    private full(): string[] {
        const folder = dirname(this.path);
        const isFull = (name: string) => name.startsWith(`${basename(this.path)}.`);
        return unlessGone(() => readdirSync(folder).filter(isFull).sort().map((name) => join(folder, name))) ?? [];
    }
}

const readIfThere = (path: string): string => unlessGone(() => readFileSync(path, 'utf8')) ?? '';

/** Undefined where the file is not there, or no more. */
function unlessGone<T>(action: () => T): T | undefined {
    try {
        return action();
    } catch (thrown) {
        if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
        throw thrown;
    }
}

/** Not mkdir's own recursion, which never ends where the kernel answers ENOENT, as it does below /proc. */
function makeFolder(path: string): void {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
    makeFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
}
