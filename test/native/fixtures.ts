/** Programs that tests look at, or look with. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';

/** Compiles `name` unless what was compiled is newer; returns the program's path. `rest` goes to the linker. */
export function compileFixture(name: string, ...rest: string[]): string {
    const source = `test/native/fixtures/${name}`;
    const product = `out/native/${name.replace(/\.cc?$/, '')}`;
    if (existsSync(product) && statSync(product).mtimeMs > statSync(source).mtimeMs) return product;
    mkdirSync('out/native', { recursive: true });
    execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', source, '-o', product, ...rest]);
    return product;
}

/** The program of vma_runs.cc: the walk of native/bpf/maple_runs.h over a process's VMAs, in a BPF object of its own. */
export function compileVmaRuns(): string {
    const product = 'out/native/vma_runs';
    const skeleton = `${product}_skeleton.o`;
    const folders = ['native/src', 'native/bpf', 'test/native/fixtures', 'out/native'].map((folder) => `-I${folder}`);
    const flags = ['-O2', '-Wall', '-Wextra', '-Werror', ...folders];
    execFileSync(process.execPath, ['scripts/buildSkeleton.mjs', 'test/native/fixtures/vma_runs.bpf.c', 'out/native']);
    execFileSync('gcc', [...flags, '-c', 'test/native/fixtures/vma_runs_skeleton.c', '-o', skeleton]);
    const parts = ['bpf/object.cc', 'bpf/load.cc', 'bpf/iteration.cc', 'bpf/verifier_log.cc', 'proc/process.cc'].map((part) => `native/src/${part}`);
    execFileSync('g++', ['-std=c++17', ...flags, 'test/native/fixtures/vma_runs.cc', ...parts, skeleton, '-o', product]);
    return product;
}
