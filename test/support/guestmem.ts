/** Runs the built command line, as its users do, and gives back all that they would see. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import type { WireError } from '../../src/common/errors';
import { assertShape } from './schema';

export interface Outcome {
    readonly code: number | null;
    readonly bytes: Buffer;
    readonly stdout: string;
    readonly stderr: string;
}

export interface GuestmemOptions {
    /** A command that starts it: its words come before Node's. */
    readonly through?: readonly string[];
    /** Milliseconds after which it counts as hung; default 5 minutes. */
    readonly timeout?: number;
}

/** Another user without any capability. */
export const asNobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--inh-caps=-all', '--'];

export const guestmemWords = [process.execPath, 'dist/guestmem.js'];

export async function guestmem(words: readonly string[], options: GuestmemOptions = {}): Promise<Outcome> {
    const [command = '', ...rest] = [...(options.through ?? []), ...guestmemWords, ...words];
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], timeout: options.timeout ?? 300_000 });
    const [bytes, errors, [code]] = await Promise.all([
        buffer(child.stdout),
        buffer(child.stderr),
        once(child, 'close') as Promise<[number | null]>,
    ]);
    return { code, bytes, stdout: bytes.toString(), stderr: errors.toString() };
}

/** Verbs whose answers have one schema. */
const changing = ['allocate', 'punch', 'pre-fault', 'write', 'log-dirty-pages', 'undo'];

/** Runs it with --json and expects success, in the shape that schema/ publishes. */
export async function guestmemJson<T>(words: readonly string[], options: GuestmemOptions = {}): Promise<T> {
    const outcome = await guestmem([...words, '--json'], options);
    assert.equal(outcome.code, 0, `guestmem ${words.join(' ')}: ${outcome.stderr}${outcome.stdout}`);
    const told: unknown = JSON.parse(outcome.stdout);
    const [verb = ''] = words;
    assertShape(changing.includes(verb) ? 'change' : verb, told);
    return told as T;
}

/** Runs it with --json and expects the exit code of a failure; returns the error. */
export async function guestmemError(
    words: readonly string[],
    code: number,
    options: GuestmemOptions = {},
): Promise<WireError> {
    const outcome = await guestmem([...words, '--json'], options);
    assert.equal(outcome.code, code, `guestmem ${words.join(' ')}: ${outcome.stderr}${outcome.stdout}`);
    const told: unknown = JSON.parse(outcome.stdout);
    assertShape('error', told);
    return (told as { error: WireError }).error;
}
