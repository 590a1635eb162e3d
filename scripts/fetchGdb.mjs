// Finds a gdb that has a debug adapter (`gdb --interpreter=dap`, 14 and newer) and prints its path: this machine's own,
// or that of Debian 13 with all that it needs, fetched into the cache. 25 MB to download, once; 90 MB stay.
import { chmodSync, cpSync, existsSync, mkdtempSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fetchDebianProgram } from './lib/debian.mjs';
import { cachePath, Failure, isMain, log, main, output } from './lib/run.mjs';

const kept = ['usr/bin/gdb', 'usr/share/gdb', 'usr/lib/python3', 'usr/lib/python3.13', 'usr/lib/x86_64-linux-gnu'];

// With its own loader and libraries, which may be newer than this machine's.
const starter = `#!/bin/sh
usr=$(dirname "$(readlink -f "$0")")/usr
lib=$usr/lib/x86_64-linux-gnu
PYTHONHOME=$usr exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$usr/bin/gdb" --data-directory "$usr/share/gdb" "$@"
`;

const hasAdapter = (gdb) => output(gdb, ['--nx', '--quiet', '--batch', '-ex', 'python import gdb.dap; print("adapter")']) === 'adapter';

export function fetchGdb() {
    if (hasAdapter('gdb')) return 'gdb';
    const target = cachePath('gdb', import.meta.filename);
    const gdb = join(target, 'gdb');
    if (!existsSync(target)) {
        log('fetching the gdb of Debian 13, which has a debug adapter (once, 25 MB)');
        const folder = mkdtempSync(`${target}-`);
        try {
            fetchDebianProgram('trixie', 'gdb', folder);
            const result = join(folder, 'result');
            for (const path of kept) {
                const source = join(folder, 'unpacked', path);
                if (!existsSync(source)) continue;
                mkdirSync(dirname(join(result, path)), { recursive: true });
                cpSync(source, join(result, path), { recursive: true, verbatimSymlinks: true });
            }
            writeFileSync(join(result, 'gdb'), starter);
            chmodSync(join(result, 'gdb'), 0o755);
            if (!existsSync(target)) renameSync(result, target);
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    }
    if (!hasAdapter(gdb)) throw new Failure(`the gdb in ${target} does not run here, or has no debug adapter.`);
    return gdb;
}

if (isMain(import.meta.url)) await main(() => console.log(fetchGdb()));
