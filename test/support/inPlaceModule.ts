/**
 * The kernel module of test/stock/fixtures/in_place_guest_memfd.c: a stand-in for KVM's guest_memfd with in-place
 * conversion, which no released kernel has. Its structs, its attributes and its ioctl are shaped as KVM's.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, writeSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { skip } from './skip';

const type = 'in_place_guest_memfd';

export class InPlaceFile {
    private constructor(
        readonly folder: string,
        readonly fd: number,
    ) {}

    /** A new file with an empty tree; skips the test where the module was not built. */
    static open(context: Mocha.Context): InPlaceFile {
        const folder = mkdtempSync(join(tmpdir(), 'guestmem-test-'));
        if (!readFileSync('/proc/filesystems', 'utf8').includes(type)) {
            const built = resolve(`out/stock/${type}-${release()}.ko`);
            if (!existsSync(built)) skip(context, `the module was not built: there is no ${built}`);
            const module = join(folder, 'module.ko');
            copyFileSync(built, module);
            // Guestmem finds the module's structs as it finds those of KVM: by BTF, which refers to the running kernel's.
            execFileSync('pahole', ['-J', '--btf_base', '/sys/kernel/btf/vmlinux', module]);
            execFileSync('busybox', ['insmod', module]);
        }
        execFileSync('busybox', ['mount', '-t', type, 'none', folder]);
        return new InPlaceFile(folder, openSync(join(folder, 'guest_memfd'), 'r+'));
    }

    get path(): string {
        return join(this.folder, 'guest_memfd');
    }

    /** Lines as the module's source describes them. */
    store(lines: readonly string[]): void {
        for (let from = 0; from < lines.length; from += 5000) writeSync(this.fd, lines.slice(from, from + 5000).join('\n'));
    }

    /** "FIRST LAST VALUE" for each range, as the kernel's own iteration finds them. */
    iteration(): RegExpExecArray[] {
        return [...readFileSync(join(this.folder, 'iteration'), 'latin1').matchAll(/^(\d+) (\d+) (\d+)$/gm)];
    }

    close(): void {
        closeSync(this.fd);
    }
}
