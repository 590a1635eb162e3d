// One BPF program to one C header that carries it, loader included: `node scripts/buildSkeleton.mjs SOURCE FOLDER`.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { isMain, root } from './lib/run.mjs';

const bpf = join(root, 'native', 'bpf');

/** Debian keeps bpftool where only root's PATH leads. */
const bpftool = existsSync('/usr/sbin/bpftool') ? '/usr/sbin/bpftool' : 'bpftool';

const changed = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
export const isOlder = (path, inputs) => changed(path) < Math.max(...inputs.map(changed));

/** What a program prints; throws with all that it said when it fails. */
export function capture(command, ...words) {
    try {
        return execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
    } catch (error) {
        const found = error.code === 'ENOENT' ? 'it is not installed' : `${error.stdout ?? ''}${error.stderr ?? ''}`;
        throw new Error(`${command} ${words.join(' ')} failed: ${found}`, { cause: error });
    }
}

/** NAME.bpf.c to NAME.lskel.h in `folder`. It may include the headers of native/bpf. */
export function buildSkeleton(source, folder) {
    const name = basename(source, '.bpf.c');
    const skeleton = join(folder, `${name}.lskel.h`);
    const headers = readdirSync(bpf).filter((file) => file.endsWith('.h')).map((file) => join(bpf, file));
    if (!isOlder(skeleton, [source, ...headers, import.meta.filename])) return;
    const object = join(folder, `${name}.o`);
    // For the target bpf, clang does not look where this machine keeps <asm/types.h>.
    const machineHeaders = `-I/usr/include/${capture('gcc', '-dumpmachine').trim()}`;
    const flags = ['-O2', '-g', '-target', 'bpf', '-mcpu=v3', '-Wall', '-Werror', machineHeaders, `-I${bpf}`];
    mkdirSync(folder, { recursive: true });
    capture('clang', ...flags, '-c', source, '-o', object);
    writeFileSync(`${skeleton}.new`, capture(bpftool, 'gen', 'skeleton', '-L', object, 'name', `${name}_bpf`));
    renameSync(`${skeleton}.new`, skeleton);
    rmSync(object);
    console.log(`built ${relative(root, skeleton)}`);
}

if (isMain(import.meta.url)) buildSkeleton(process.argv[2], process.argv[3]);
