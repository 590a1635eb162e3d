/** drgn as an oracle: what its own helpers find in the running kernel's memory (test/support/drgn/walk.py). */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { skip } from './skip';

/** Debian's, where the package python3-drgn puts the module. */
const python = '/usr/bin/python3';

export interface DrgnWalk {
    /** Of the walk alone. */
    readonly seconds: number;
    /** As walk.py says for each `what`. */
    readonly runs: readonly (readonly number[])[];
}

export function requireDrgn(context: Mocha.Context): void {
    if (spawnSync(python, ['-c', 'import drgn'], { stdio: 'ignore' }).status !== 0) {
        skip(context, 'needs drgn, which is not installed (package python3-drgn)');
    }
}

export type DrgnWhat = 'memslots' | 'attributes' | 'guest-mapping' | 'pages';

/** What is found behind KVM files of a process, in the order of what is wanted: drgn's start takes seconds. */
export function drgnWalks(pid: number, wanted: readonly (readonly [fd: number, what: DrgnWhat])[]): DrgnWalk[] {
    const words = ['-B', 'test/support/drgn/walk.py', String(pid), ...wanted.map((one) => one.join(':'))];
    const { status, stdout, stderr } = spawnSync(python, words, { encoding: 'utf8', maxBuffer: 1 << 30 });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout) as DrgnWalk[];
}
