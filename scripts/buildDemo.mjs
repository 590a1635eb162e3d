// Builds the demo VMM, demo/build/guestmem-demo, unless it is newer than all of its sources. It is linked statically,
// so that it also runs where there is no C library: in the small root file systems of nested machines.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const demo = join(dirname(dirname(fileURLToPath(import.meta.url))), 'demo');
const product = join(demo, 'build', 'guestmem-demo');
const inFolder = readdirSync(demo).filter((name) => /\.[chS]$/.test(name));
const changed = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const inputs = [...inFolder.map((name) => join(demo, name)), fileURLToPath(import.meta.url)];

if (changed(product) < Math.max(...inputs.map(changed))) {
    mkdirSync(dirname(product), { recursive: true });
    const sources = inFolder.filter((name) => !name.endsWith('.h'));
    const flags = ['-std=gnu11', '-O2', '-g', '-Wall', '-Wextra', '-Werror', '-pthread', '-static'];
    // Under another name first: a running demo VMM keeps its file, and an aborted build leaves no half product.
    execFileSync(process.env.CC ?? 'cc', [...flags, ...sources, '-o', `${product}.new`], { cwd: demo, stdio: 'inherit' });
    renameSync(`${product}.new`, product);
    console.log('built demo/build/guestmem-demo');
}
