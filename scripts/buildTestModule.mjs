// Builds the kernel module of test/stock/fixtures for the stock kernel that Debian 12's compiler fits, from the header
// packages of that very kernel: 13 MB to download, once; 70 MB stay in the cache.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, isOlder } from './buildSkeleton.mjs';
import { fetchDebianPackage } from './lib/debian.mjs';
import { cachePath, log, root } from './lib/run.mjs';

const source = join(root, 'test/stock/fixtures/in_place_guest_memfd.c');
const products = join(root, 'out', 'stock');
const release = 'bookworm';

/** Builds out/stock/in_place_guest_memfd-VERSION.ko for the kernel image at `kernel`. */
export function buildTestModule(kernel) {
    const version = versionOf(kernel);
    const product = join(products, `in_place_guest_memfd-${version}.ko`);
    if (!isOlder(product, [source, import.meta.filename])) return;
    const headers = fetchHeaders(version);
    mkdirSync(products, { recursive: true });
    const folder = mkdtempSync(join(products, 'module-'));
    try {
        copyFileSync(source, join(folder, 'in_place_guest_memfd.c'));
        writeFileSync(join(folder, 'Kbuild'), 'obj-m := in_place_guest_memfd.o\n');
        capture('make', '-C', join(headers, 'src', `linux-headers-${version}`), `M=${folder}`, 'CC=gcc', 'modules');
        renameSync(join(folder, 'in_place_guest_memfd.ko'), product);
    } finally {
        rmSync(folder, { recursive: true });
    }
}

/** As `uname -r` prints it. Source: the x86 boot protocol, field kernel_version. */
function versionOf(kernel) {
    const image = readFileSync(kernel);
    const start = image.readUInt16LE(0x20e) + 0x200;
    return image.toString('latin1', start, image.indexOf(' ', start));
}

/** The folder with all header packages, made to find each other where they lie instead of in /usr/src. */
function fetchHeaders(version) {
    const target = cachePath(`kernel-headers-${version}`, import.meta.filename);
    if (existsSync(target)) return target;
    log(`fetching the headers of Linux ${version} (once, 13 MB)`);
    const folder = mkdtempSync(`${target}-`);
    try {
        const common = `linux-headers-${version.replace(/[^-]*$/, 'common')}`;
        const kbuild = `linux-kbuild-${version.replace(/^(\d+\.\d+).*/, '$1')}`;
        for (const name of [`linux-headers-${version}`, common, kbuild]) {
            fetchDebianPackage(release, `^${name.replaceAll('.', '\\.')}$`, folder);
        }
        const makefile = join(folder, 'unpacked/usr/src', `linux-headers-${version}`, 'Makefile');
        writeFileSync(makefile, `include $(dir $(lastword $(MAKEFILE_LIST)))../${common}/Makefile\n`);
        renameSync(join(folder, 'unpacked/usr'), target);
        return target;
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}
