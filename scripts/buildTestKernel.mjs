// Builds the kernel whose KVM has private memory, for machines whose own has none, from Debian's newest kernel source
// and test/nested/kernel.config, into the cache, and prints its path. About 12 minutes on two processors, 4 GB of disk
// while it lasts.
import { closeSync, cpSync, existsSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { fetchDebianPackage } from './lib/debian.mjs';
import { cachePath, Failure, isMain, main, root, run } from './lib/run.mjs';
import { installSystemPackages, kernelPackages } from './lib/systemPackages.mjs';

const config = join(root, 'test/nested/kernel.config');

/** The kernel that GUESTMEM_TEST_KERNEL names, or the cached one, or with `build` a new one; else undefined. */
export function findTestKernel({ build }) {
    const named = process.env.GUESTMEM_TEST_KERNEL;
    if (named !== undefined) {
        if (!existsSync(named)) throw new Failure(`GUESTMEM_TEST_KERNEL names ${resolve(named)}, which does not exist.`);
        return resolve(named);
    }
    const kernel = cachePath('kernel', config);
    if (existsSync(kernel)) return kernel;
    return build ? buildTestKernel(kernel) : undefined;
}

function buildTestKernel(target) {
    console.error('guestmem: building a kernel with private memory (once, about 12 minutes; GUESTMEM_SKIP_KERNEL_BUILD=1 skips it)');
    installSystemPackages(kernelPackages);
    const folder = mkdtempSync(`${target}-`);
    const log = join(folder, 'build.log');
    const logFile = openSync(log, 'w');
    try {
        const name = fetchDebianPackage('trixie-backports', '^linux-source-[0-9.]+$', folder);
        run('tar', ['xf', join(folder, `unpacked/usr/src/${name}.tar.xz`)], { cwd: folder });
        const source = join(folder, name);
        const make = (words, environment = {}) =>
            run('make', words, { cwd: source, stdio: ['ignore', logFile, logFile], env: { ...process.env, ...environment } });
        make(['allnoconfig'], { KCONFIG_ALLCONFIG: config });
        make([`-j${availableParallelism()}`, 'bzImage']);
        cpSync(join(source, 'arch/x86/boot/bzImage'), join(folder, 'bzImage'));
        renameSync(join(folder, 'bzImage'), target);
        return target;
    } catch (error) {
        const said = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
        throw new Failure(`The test kernel was not built: ${error.message}\n${said}`);
    } finally {
        closeSync(logFile);
        rmSync(folder, { recursive: true, force: true });
    }
}

if (isMain(import.meta.url)) await main(() => console.log(findTestKernel({ build: true })));
