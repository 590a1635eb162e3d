// Fetches Debian 12's own kernel (6.1: no guest_memfd, no cachestat) into the cache, with an initrd that mounts the
// root of the nested machine over 9p, and prints both paths. 70 MB to download, once.
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchDebianPackage } from './lib/debian.mjs';
import { cachePath, isMain, log, main, run } from './lib/run.mjs';

// Folders and files below /lib/modules/VERSION/kernel: those that init loads and those they need.
const modules = [
    ...['drivers/virtio', 'drivers/char/virtio_console.ko', 'drivers/char/hw_random', 'net/9p', 'fs/9p', 'fs/fscache'],
    ...['fs/netfs', 'fs/overlayfs', 'arch/x86/kvm', 'virt', 'drivers/crypto/ccp'],
];

const init = `#!/bin/busybox sh
# Process 1 until the root is there: loads what Debian builds as modules, then hands over to the root's own init.
/bin/busybox mkdir -p /proc /root
/bin/busybox mount -t proc proc /proc
/bin/busybox modprobe -a virtio_pci 9pnet_virtio 9p overlay virtio_console virtio_rng kvm_amd
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
export function fetchStockKernel() {
    const target = cachePath('stock-kernel', import.meta.filename);
    if (!existsSync(target)) {
        log("fetching Debian 12's kernel (once, 70 MB)");
        const folder = mkdtempSync(`${target}-`);
        try {
            const name = fetchDebianPackage('bookworm', '^linux-image-6\\.1\\.0-[0-9]+-amd64$', folder);
            const version = name.replace('linux-image-', '');
            const result = join(folder, 'result');
            mkdirSync(result);
            cpSync(join(folder, 'unpacked/boot', `vmlinuz-${version}`), join(result, 'vmlinuz'));
            packInitrd(join(folder, 'unpacked/lib/modules', version), version, folder, join(result, 'initrd'));
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
    for (const module of modules) {
        const path = join('kernel', module);
        if (existsSync(join(source, path))) cpSync(join(source, path), join(target, path), { recursive: true });
    }
    for (const list of readdirSync(source).filter((name) => /^modules\.(order|builtin)/.test(name))) {
        cpSync(join(source, list), join(target, list));
    }
    run('busybox', ['depmod', '-b', tree, version]);
    mkdirSync(join(tree, 'bin'));
    cpSync('/bin/busybox', join(tree, 'bin/busybox'), { dereference: true });
    writeFileSync(join(tree, 'init'), init);
    chmodSync(join(tree, 'init'), 0o755);
    run('sh', ['-c', `busybox find . | busybox cpio -o -H newc | gzip > '${initrd}'`], { cwd: tree, stdio: ['ignore', 'inherit', 'ignore'] });
}

if (isMain(import.meta.url)) await main(() => console.log(JSON.stringify(fetchStockKernel())));
