// Debian's packages that the project uses, each with what it is for, and how they get installed.
import { spawnSync } from 'node:child_process';
import { Failure, log, output, run } from './run.mjs';

export const buildPackages = {
    clang: 'compiles the BPF programs',
    llvm: 'strips them',
    bpftool: 'generates their light skeletons',
    'libbpf-dev': "the headers of both sides of BPF",
    'linux-libc-dev': "the kernel's user-space headers",
    'libc6-dev': 'the C library, for the demo VMM and the addon',
    gcc: 'compiles the demo VMM',
    'g++': 'compiles the addon',
    make: 'runs what node-gyp generates',
    python3: 'runs node-gyp itself',
};

export const testPackages = {
    'qemu-system-x86': 'a VMM to look into, and the emulated machine whose KVM has private memory',
    'busybox-static': 'powers the emulated machine off',
    chromium: "drives VS Code's window",
    'fonts-dejavu-core': 'letters in the pictures',
    gdb: 'the debugger in tests that need one attached',
    pahole: "writes the BTF of a test's kernel module",
    'util-linux': 'setpriv, so that nothing outlives its test',
    'python3-drgn': 'reads the same kernel structures by code of its own',
};

export const kernelPackages = {
    'build-essential': 'the compiler',
    flex: "the kernel's configuration",
    bison: "the kernel's configuration",
    bc: "the kernel's build",
    kmod: "the kernel's build",
    cpio: "the kernel's build",
    'xz-utils': 'unpacks the source',
    dwarves: "writes the kernel's BTF",
    'libelf-dev': 'objtool',
    'libssl-dev': "the kernel's build",
};

export const isRoot = process.getuid() === 0;

/** The words to put before a command that needs root; undefined when there is no way without a password. */
export function asRoot() {
    if (isRoot) return [];
    return output('sudo', ['-n', 'true']) === undefined ? undefined : ['sudo', '-n'];
}

/** Installs the packages of the tables that are missing; nothing happens, fast, when there are none. */
export function installSystemPackages(...tables) {
    const wanted = Object.keys(Object.assign({}, ...tables));
    const missing = notInstalled(wanted);
    if (missing.length === 0) return;

    const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing];
    const prefix = asRoot();
    if (prefix === undefined) {
        throw new Failure(
            `these system packages are missing and this user is not root. Run this once, then the same again:\n\n` +
                `    sudo apt-get update && sudo ${install.join(' ')}\n`,
        );
    }
    log(`installing ${missing.join(' ')}`);
    const aptGet = (words) => {
        const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', ...words];
        run(command, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
    };
    aptGet(['apt-get', 'update']);
    aptGet(install);
}

function notInstalled(packages) {
    const { error, stdout } = spawnSync('dpkg-query', ['-W', '-f=${Package} ${db:Status-Status}\n', ...packages], {
        encoding: 'utf8',
    });
    if (error) {
        log(`this is no Debian: if a step fails, look for what these Debian packages give: ${packages.join(' ')}`);
        return [];
    }
    const installed = new Set(stdout.split('\n').filter((line) => line.endsWith(' installed')).map((line) => line.split(' ')[0]));
    return packages.filter((name) => !installed.has(name));
}
