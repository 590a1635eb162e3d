// Node's packages as package-lock.json names them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { log, npm, root } from './run.mjs';

export function installNodePackages() {
    if (matchesLock()) return;
    log('installing npm packages');
    npm(['ci']);
}

/** npm notes in node_modules what it installed there, in the lock file's own form. */
function matchesLock() {
    const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
    const wanted = read('package-lock.json');
    let installed;
    try {
        installed = read('node_modules/.package-lock.json');
    } catch (error) {
        if (error.code === 'ENOENT') return false;
        throw error;
    }
    // Optional packages are those of other platforms, too.
    return Object.entries(wanted).every(
        ([path, { optional, version }]) => path === '' || (installed[path] ?? (optional && { version }))?.version === version,
    );
}
