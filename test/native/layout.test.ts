/** Who may include whom in the addon: binding → kvm → inject, bpf, proc, and binding → pages, events; all of them base; only binding knows Node. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = 'native/src';
const mayInclude: Record<string, readonly string[]> = {
    base: [],
    proc: ['base'],
    bpf: ['base'],
    inject: ['base'],
    pages: ['base'],
    events: ['base'],
    kvm: ['base', 'proc', 'bpf', 'inject'],
    binding: ['base', 'proc', 'inject', 'kvm', 'pages', 'events'],
};
/** Headers of the BPF programs, shared with them. */
const sharedHeader = /^[a-z_]+\.bpf\.h$/;
const readsSharedHeaders = ['bpf', 'kvm', 'events'];

interface Include {
    readonly file: string;
    readonly folder: string;
    readonly header: string;
    readonly quoted: boolean;
}

function allIncludes(): Include[] {
    return readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .flatMap((entry) => {
            const file = join(entry.parentPath, entry.name);
            const folder = relative(root, dirname(file));
            const matches = readFileSync(file, 'utf8').matchAll(/^#include (["<])([^">]+)[">]/gm);
            return [...matches].map(([, quote, header = '']) => ({ file, folder, header, quoted: quote === '"' }));
        });
}

function isAllowed({ folder, header }: Include): boolean {
    if (sharedHeader.test(header)) return readsSharedHeaders.includes(folder);
    if (header.startsWith('generated/')) return folder === 'bpf';
    const target = dirname(header);
    return target === '.' || target === folder || (mayInclude[folder]?.includes(target) ?? false);
}

describe('layout of the addon', () => {
    const includes = allIncludes();

    it('has the folders that the rule names', () => {
        assert.deepEqual([...new Set(includes.map(({ folder }) => folder))].sort(), Object.keys(mayInclude).sort());
    });

    it('includes only in the allowed directions', () => {
        const wrong = includes.filter((include) => include.quoted && !isAllowed(include));
        assert.deepEqual(wrong.map(({ file, header }) => `${file} includes ${header}`), []);
    });

    it('keeps Node out of everything but the binding', () => {
        const wrong = includes.filter(({ folder, header }) => /^(napi|node|v8|uv)/.test(header) && folder !== 'binding');
        assert.deepEqual(wrong.map(({ file }) => file), []);
        assert.ok(includes.some(({ folder, header }) => folder === 'binding' && header === 'napi.h'));
    });
});
