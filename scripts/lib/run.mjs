// Running other programs, for scripts that must work before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** What is large and serves every checkout of this user. */
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'guestmem');

/** A name in the cache that changes with the content of the file that decides what is cached there. */
export function cachePath(name, decider) {
    mkdirSync(cache, { recursive: true });
    const hash = createHash('sha256').update(readFileSync(decider)).digest('hex').slice(0, 16);
    return join(cache, `${name}-${hash}`);
}

/** Runs to the end with this process's own output; throws when it fails. `options` are those of spawnSync. */
export function run(command, words, options = {}) {
    const { error, status, signal, stdout } = spawnSync(command, words, { cwd: root, stdio: 'inherit', ...options });
    if (error) throw new Failure(`'${command}' did not start: ${error.message}.`);
    if (status !== 0) throw new Failure(`'${[command, ...words].join(' ')}' ended with ${signal ?? `status ${status}`}.`);
    return stdout;
}

/** What a program prints on stdout, without the line's end; undefined when it fails or does not exist. */
export function output(command, words) {
    const { status, stdout } = spawnSync(command, words, { cwd: root, encoding: 'utf8' });
    return status === 0 ? stdout.trimEnd() : undefined;
}

/** npm that belongs to the running Node, quiet about what is not this project's business. */
export function npm(words, options) {
    run('npm', [...words, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], options);
}

export const log = (text) => console.log(`guestmem: ${text}`);

/** An error whose message is all that a person needs. */
export class Failure extends Error {}

/** Runs a script's main function and turns a Failure into one line and exit status 1. */
export async function main(body) {
    try {
        await body();
    } catch (error) {
        if (!(error instanceof Failure)) throw error;
        console.error(`guestmem: ${error.message}`);
        process.exitCode = 1;
    }
}

/** Whether the module at `url` (its import.meta.url) is what Node was started with. */
export const isMain = (url) => realpathSync(process.argv[1]) === fileURLToPath(url);
