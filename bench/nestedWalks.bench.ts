/**
 * The walks of attributes, page cache and guest mapping where the kernel has all of them: in the nested machine, whose
 * emulated processor makes every time long; what counts is how they compare with their peers in the same run.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { freemem } from 'node:os';
import { runNested } from '../test/support/nestedMachine';

const gibibyte = 2 ** 30;
const timeout = 30 * 60_000;

function compilePlainCopy(): void {
    const folder = 'out/bench/nested';
    const folders = ['native/src', 'native/bpf', 'bench/nested', folder].map((name) => `-I${name}`);
    const flags = ['-O2', '-Wall', '-Wextra', '-Werror', ...folders];
    mkdirSync(folder, { recursive: true });
    execFileSync(process.execPath, ['scripts/buildSkeleton.mjs', 'bench/nested/plain_copy.bpf.c', folder]);
    execFileSync('gcc', [...flags, '-c', 'bench/nested/plain_copy_skeleton.c', '-o', `${folder}/plain_copy_skeleton.o`]);
    const parts = ['bpf/object.cc', 'bpf/load.cc', 'bpf/iteration.cc', 'bpf/verifier_log.cc', 'proc/process.cc'].map((part) => `native/src/${part}`);
    const sources = ['bench/nested/plain_copy.cc', ...parts, `${folder}/plain_copy_skeleton.o`];
    execFileSync('g++', ['-std=c++17', ...flags, ...sources, '-o', `${folder}/plain_copy`]);
}

if (process.env['GUESTMEM_TEST_KERNEL'] === undefined) {
    console.log('walks in the nested machine: not measured, GUESTMEM_TEST_KERNEL names no kernel');
} else {
    compilePlainCopy();
    const memory = `${Math.max(3, Math.min(6, Math.floor(freemem() / gibibyte) - 2))}G`;
    const { stdout, stderr, status } = await runNested({ command: 'node out/bench/nested/walks.bench.mjs', memory, timeout });
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exitCode = status;
}
