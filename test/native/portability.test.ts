/** One binary serves every Node of glibc 2.28 and newer: the built addon asks for nothing that came later. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { addonFile } from './addon';

/** What glibc 2.28's contemporaries offer: GCC 8's C++ library. */
const newestAllowed: Record<string, readonly number[]> = {
    GLIBC: [2, 28],
    GLIBCXX: [3, 4, 25],
    CXXABI: [1, 3, 11],
    GCC: [7, 0, 0],
};
const allowedLibraries = /^(libc|libm|libpthread|libdl|libstdc\+\+|libgcc_s|ld-linux-x86-64)\.so\.\d$/;

function isNewer(version: readonly number[], limit: readonly number[]): boolean {
    for (let index = 0; index < Math.max(version.length, limit.length); index++) {
        const difference = (version[index] ?? 0) - (limit[index] ?? 0);
        if (difference !== 0) return difference > 0;
    }
    return false;
}

describe('portability of the addon', () => {
    const symbols = execFileSync('objdump', ['-T', addonFile], { encoding: 'utf8' }).split('\n');

    it('asks for no symbol that is too new', () => {
        const versioned = symbols.flatMap((line) => {
            const match = /\(?\b(GLIBC|GLIBCXX|CXXABI|GCC)_([\d.]+)\)?\s+(\S+)$/.exec(line);
            return match === null ? [] : [{ library: match[1] ?? '', version: match[2] ?? '', symbol: match[3] ?? '' }];
        });
        assert.ok(versioned.some(({ library }) => library === 'GLIBC'));
        const tooNew = versioned.filter(({ library, version }) => isNewer(version.split('.').map(Number), newestAllowed[library] ?? []));
        assert.deepEqual(tooNew, []);
    });

    it('asks for no library that Node does not bring along', () => {
        const dynamic = execFileSync('readelf', ['-dW', addonFile], { encoding: 'utf8' });
        const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, library = '']) => library);
        assert.ok(needed.includes('libc.so.6'));
        assert.deepEqual(needed.filter((library) => !allowedLibraries.test(library)), []);
    });

    it('asks Node for its stable interface only', () => {
        const undefinedOnes = symbols.filter((line) => line.includes('*UND*') && !/_[\d.]+\)/.test(line)).map((line) => line.split(/\s+/).at(-1) ?? '');
        const fromNode = undefinedOnes.filter((symbol) => !symbol.startsWith('_ITM_') && !/^_*(gmon_start|cxa_finalize)/.test(symbol));
        assert.ok(fromNode.includes('napi_create_function'));
        assert.deepEqual(fromNode.filter((symbol) => !symbol.startsWith('napi_')), []);
    });
});
