// Builds the native addon, dist/guestmem.node: BPF programs to light skeletons, then node-gyp. Skips what is up to date.
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { nodeHeaders } from './lib/nodeHeaders.mjs';

const root = join(import.meta.dirname, '..');
const native = join(root, 'native');
const bpf = join(native, 'bpf');
const generated = join(bpf, 'generated');
const product = join(root, 'dist', 'guestmem.node');

const changed = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const isOlder = (path, inputs) => changed(path) < Math.max(...inputs.map(changed));
const filesUnder = (folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));

function run(command, ...words) {
    try {
        return execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
    } catch (error) {
        const found = error.code === 'ENOENT' ? 'it is not installed' : `${error.stdout ?? ''}${error.stderr ?? ''}`;
        throw new Error(`${command} ${words.join(' ')} failed: ${found}`, { cause: error });
    }
}

/** Debian keeps bpftool where only root's PATH leads. */
const bpftool = existsSync('/usr/sbin/bpftool') ? '/usr/sbin/bpftool' : 'bpftool';

/** One BPF program to one C header that carries it, loader included. */
function buildSkeleton(source) {
    const name = basename(source, '.bpf.c');
    const skeleton = join(generated, `${name}.lskel.h`);
    const headers = readdirSync(bpf).filter((file) => file.endsWith('.h')).map((file) => join(bpf, file));
    if (!isOlder(skeleton, [source, ...headers, import.meta.filename])) return;
    const object = join(generated, `${name}.o`);
    // For the target bpf, clang does not look where this machine keeps <asm/types.h>.
    const machineHeaders = `-I/usr/include/${run('gcc', '-dumpmachine').trim()}`;
    const flags = ['-O2', '-g', '-target', 'bpf', '-mcpu=v3', '-Wall', '-Werror', machineHeaders];
    mkdirSync(generated, { recursive: true });
    run('clang', ...flags, '-c', source, '-o', object);
    writeFileSync(`${skeleton}.new`, run(bpftool, 'gen', 'skeleton', '-L', object, 'name', `${name}_bpf`));
    renameSync(`${skeleton}.new`, skeleton);
    rmSync(object);
    console.log(`built native/bpf/generated/${name}.lskel.h`);
}

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
    run(process.execPath, nodeGyp, 'configure', ...where);
    run(process.execPath, nodeGyp, 'build', ...where, '--jobs', 'max');
    mkdirSync(dirname(product), { recursive: true });
    // Under another name first: a running agent keeps its file, and an aborted build leaves no half product.
    copyFileSync(join(native, 'build', 'Release', 'guestmem.node'), `${product}.new`);
    renameSync(`${product}.new`, product);
    console.log('built dist/guestmem.node');
}

try {
    for (const name of readdirSync(bpf)) if (name.endsWith('.bpf.c')) buildSkeleton(join(bpf, name));
    buildAddon();
} catch (error) {
    console.error(error.message);
    process.exitCode = 1;
}
