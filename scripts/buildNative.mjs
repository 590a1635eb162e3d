// Builds the native addon, dist/guestmem.node: BPF programs to light skeletons, then node-gyp. Skips what is up to date.
import { copyFileSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildSkeleton, capture, isOlder } from './buildSkeleton.mjs';
import { nodeHeaders } from './lib/nodeHeaders.mjs';

const root = join(import.meta.dirname, '..');
const native = join(root, 'native');
const bpf = join(native, 'bpf');
const generated = join(bpf, 'generated');
const product = join(root, 'dist', 'guestmem.node');

const filesUnder = (folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));

function nodeFolder() {
    const found = nodeHeaders();
    if (found !== undefined) return found;
    throw new Error(
        'Building the addon needs Node’s headers, and there is no include/node/node_api.h beside this Node, in /usr or /usr/local. ' +
            'Install Node from nodejs.org or NodeSource, whose packages hold them, or Debian’s libnode-dev.',
    );
}

function buildAddon() {
    const inputs = [...filesUnder(join(native, 'src')), ...filesUnder(bpf), join(native, 'binding.gyp'), import.meta.filename];
    if (!isOlder(product, inputs)) return;
    const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
    const where = ['--directory', native, '--nodedir', nodeFolder()];
    // Configures anew each time, so that a new source file is seen; make then compiles only what changed.
    capture(process.execPath, nodeGyp, 'configure', ...where);
    capture(process.execPath, nodeGyp, 'build', ...where, '--jobs', 'max');
    mkdirSync(dirname(product), { recursive: true });
    // Under another name first: a running agent keeps its file, and an aborted build leaves no half product.
    copyFileSync(join(native, 'build', 'Release', 'guestmem.node'), `${product}.new`);
    renameSync(`${product}.new`, product);
    console.log('built dist/guestmem.node');
}

try {
    for (const name of readdirSync(bpf)) if (name.endsWith('.bpf.c')) buildSkeleton(join(bpf, name), generated);
    buildAddon();
} catch (error) {
    console.error(error.message);
    process.exitCode = 1;
}
