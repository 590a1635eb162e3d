// Fetches Debian's own kernels into the cache, each with an initrd that mounts the root of the nested machine over 9p,
// and prints their paths: `node scripts/fetchStockKernel.mjs [NAME…]`. 70 to 120 MB to download for each, once; 20 MB
// stay.
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchDebianPackage } from './lib/debian.mjs';
import { cachePath, Failure, isMain, log, main, run } from './lib/run.mjs';

const image = (version) => `^linux-image-${version}[0-9.]*(-[0-9]+|\\+deb[0-9]+)-amd64$`;

/** The Debian release that has the kernel, and what its package is called: the newest such package is taken. */
const kernels = {
    '6.1': { release: 'bookworm', pattern: image('6\\.1\\.') },
    '6.12': { release: 'trixie', pattern: image('6\\.12\\.') },
    '7.x': { release: 'trixie-backports', pattern: image('7\\.') },
};
export const stockKernelNames = Object.keys(kernels);

// Folders and files below the kernel's modules: those that init loads and those they need. Some are built in, or do not
// exist, in some kernels.
const modules = [
    ...['drivers/virtio', 'drivers/char/virtio_console.ko', 'drivers/char/hw_random', 'net/9p', 'fs/9p', 'fs/fscache'],
    ...['fs/netfs', 'fs/overlayfs', 'arch/x86/kvm', 'virt', 'drivers/crypto/ccp'],
    // For swap space in memory.
    ...['drivers/block/zram', 'mm', 'lib/lzo', 'lib/lz4', 'lib/zstd', 'lib/842', 'lib/zlib_deflate', 'lib/zlib_inflate'],
    ...['crypto/lzo.ko', 'crypto/lzo-rle.ko', 'crypto/lz4.ko', 'crypto/lz4hc.ko', 'crypto/zstd.ko', 'crypto/842.ko'],
];

const init = `#!/bin/busybox sh
# Process 1 until the root is there: loads what Debian builds as modules, then hands over to the root's own init.
/bin/busybox mkdir -p /proc /root
/bin/busybox mount -t proc proc /proc
/bin/busybox modprobe -a virtio_pci 9pnet_virtio 9p overlay virtio_console virtio_rng kvm_amd zram
for word in $(/bin/busybox cat /proc/cmdline); do
    case $word in
    rootflags=*) flags=\${word#rootflags=} ;;
    init=*) init=\${word#init=} ;;
    esac
done
/bin/busybox mount -t 9p -o "$flags" root /root
exec /bin/busybox switch_root /root "$init"
`;

/** { kernel, initrd }: paths in the cache. */
export function fetchStockKernel(name) {
    const { release, pattern } = kernels[name] ?? {};
    if (release === undefined) throw new Failure(`there is no stock kernel ${name}; there are ${stockKernelNames.join(', ')}.`);
    const target = cachePath(`stock-kernel-${name}`, import.meta.filename);
    if (!existsSync(target)) {
        log(`fetching the kernel of Debian ${release} (once, about 100 MB)`);
        const folder = mkdtempSync(`${target}-`);
        try {
            const version = fetchDebianPackage(release, pattern, folder).replace('linux-image-', '');
            const unpacked = join(folder, 'unpacked');
            const find = (...paths) => paths.map((path) => join(unpacked, path)).find((path) => existsSync(path));
            const tree = find(`lib/modules/${version}`, `usr/lib/modules/${version}`);
            const kernel = find(`boot/vmlinuz-${version}`, `usr/lib/modules/${version}/vmlinuz`);
            if (tree === undefined || kernel === undefined) {
                throw new Failure(`Debian's package of Linux ${version} has no kernel image or no modules where they were expected.`);
            }
            const result = join(folder, 'result');
            mkdirSync(result);
            cpSync(kernel, join(result, 'vmlinuz'));
            packInitrd(tree, version, folder, join(result, 'initrd'));
            renameSync(result, target);
        } finally {
            rmSync(folder, { recursive: true, force: true });
        }
    }
    return { kernel: join(target, 'vmlinuz'), initrd: join(target, 'initrd') };
}

function packInitrd(source, version, folder, initrd) {
    const tree = join(folder, 'initrd');
    const target = join(tree, 'lib/modules', version);
    for (const module of modules.flatMap((path) => [path, `${path}.xz`])) {
        const path = join('kernel', module);
        if (existsSync(join(source, path))) cpSync(join(source, path), join(target, path), { recursive: true });
    }
    for (const list of readdirSync(source).filter((name) => /^modules\.(order|builtin)/.test(name))) {
        cpSync(join(source, list), join(target, list));
    }
    // Unpacked here, once, rather than by the emulated processor at every boot.
    const packed = readdirSync(target, { recursive: true }).filter((path) => path.endsWith('.ko.xz'));
    if (packed.length > 0) run('busybox', ['unxz', ...packed], { cwd: target });
    run('busybox', ['depmod', '-b', tree, version]);
    mkdirSync(join(tree, 'bin'));
    cpSync('/bin/busybox', join(tree, 'bin/busybox'), { dereference: true });
    writeFileSync(join(tree, 'init'), init);
    chmodSync(join(tree, 'init'), 0o755);
    run('sh', ['-c', `busybox find . | busybox cpio -o -H newc | gzip > '${initrd}'`], { cwd: tree, stdio: ['ignore', 'inherit', 'ignore'] });
}

if (isMain(import.meta.url)) {
    await main(() => {
        const names = process.argv.length > 2 ? process.argv.slice(2) : stockKernelNames;
        for (const name of names) console.log(JSON.stringify({ name, ...fetchStockKernel(name) }));
    });
}
