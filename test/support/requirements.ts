/** What a suite needs of the machine. What is missing is a skip that says so; never a silent pass. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { skip } from './skip';

/** The suite needs /dev/kvm. */
export function requireKvm(context: Mocha.Context): void {
    try {
        accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    } catch (error) {
        skip(context, `needs /dev/kvm, which cannot be opened here (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    }
}

/** The suite needs root: to read kernel memory through BPF, to become another user, to enter a namespace. */
export function requireRoot(context: Mocha.Context): void {
    if (process.getuid?.() !== 0) skip(context, `needs root, and this is user ${process.getuid?.() ?? 'unknown'}`);
}

/** The suite needs a program of this machine. */
export function requireProgram(context: Mocha.Context, program: string): void {
    if (spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined) {
        skip(context, `needs ${program}, which is not installed`);
    }
}
