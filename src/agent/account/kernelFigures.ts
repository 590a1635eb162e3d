/** What the kernel itself says that a process takes. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { toHex, type Hex } from '../../common/address';
import { errors } from '../../common/errors';
import type { AccountCgroup } from '../../common/memoryAccount';
import { look, type Looked } from '../discovery/processes';

/** In bytes; from /proc/PID/status, which takes no lock of the process. */
export interface ResidentFigures {
    readonly rss: number;
    readonly hugetlb: number;
    readonly pageTables: number;
}

export function readResident(pid: number): ResidentFigures {
    const looked = look(() => readFileSync(`/proc/${pid}/status`, 'latin1'));
    const field = (name: string) => {
        const [, kibibytes] = new RegExp(`^${name}:\\s*([0-9]+) kB`, 'm').exec(looked.kind === 'found' ? looked.value : '') ?? [];
        return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
    };
    const rss = field('VmRSS');
    const pageTables = field('VmPTE');
    // A process that has ended, and one that is ending, has no memory any more.
    if (rss === undefined || pageTables === undefined) throw errors.processGone(pid);
    return { rss, pageTables, hugetlb: field('HugetlbPages') ?? 0 };
}

/** Of all mappings, without hugetlb pages. RSS is exact here; in /proc/PID/status it became so with Linux 6.17. */
export interface MappingSums {
    readonly rss: number;
    readonly pss: Hex;
}

/**
 * The kernel adds it up for this read, walking all page tables under the mmap lock (which it lets go when somebody waits):
 * so it is read once, beside the event loop. A reason where it may not be read.
 */
export async function readMappingSums(pid: number): Promise<MappingSums | { readonly reason: string }> {
    try {
        const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1');
        const field = (name: string) => new RegExp(`^${name}:\\s*([0-9]+) kB`, 'm').exec(text)?.[1];
        const [rss, pss] = [field('Rss'), field('Pss')];
        if (rss === undefined || pss === undefined) return { reason: 'this kernel does not tell it' };
        return { rss: Number(rss) * 1024, pss: toHex(BigInt(pss) * 1024n) };
    } catch (thrown) {
        const errno = (thrown as NodeJS.ErrnoException).code;
        if (errno === 'ESRCH') throw errors.processGone(pid);
        if (errno === 'ENOENT') return { reason: 'this kernel has no /proc/PID/smaps_rollup' };
        if (errno === 'EACCES' || errno === 'EPERM') return { reason: `/proc/${pid}/smaps_rollup may not be read without CAP_SYS_PTRACE` };
        throw thrown;
    }
}

/** Lines of /proc/PID/cgroup are "NUMBER:CONTROLLERS:PATH"; cgroup v2's has no controllers. */
export function memoryCgroupOf(text: string): { readonly version: 1 | 2; readonly path: string } | null {
    let unified: string | null = null;
    for (const line of text.split('\n')) {
        const [, controllers, path] = /^[0-9]+:([^:]*):(.*)$/.exec(line) ?? [];
        if (controllers === undefined || path === undefined) continue;
        if (controllers.split(',').includes('memory')) return { version: 1, path };
        if (controllers === '') unified = path;
    }
    return unified === null ? null : { version: 2, path: unified };
}

const found = (looked: Looked<string>): string | null => (looked.kind === 'found' ? looked.value : null);

/** A reason where there is none, or it does not count memory. */
export function readCgroup(pid: number): AccountCgroup | { readonly reason: string } {
    const read = (path: string) => found(look(() => readFileSync(path, 'utf8')));
    const cgroup = memoryCgroupOf(read(`/proc/${pid}/cgroup`) ?? '');
    if (cgroup === null) return { reason: 'the process is in no cgroup that is seen here' };
    // A process that a namespace or a mount does not show lies at a path above its root.
    const { version, path } = cgroup;
    const folder = `/sys/fs/cgroup${version === 1 ? '/memory' : ''}${path}`;
    const bytes = read(`${folder}/${version === 1 ? 'memory.usage_in_bytes' : 'memory.current'}`);
    if (path.startsWith('/..') || bytes === null || !/^[0-9]+\n$/.test(bytes)) {
        return { reason: path === '/' ? 'the process is in the root cgroup, which counts nothing by itself' : `what ${folder} counts cannot be read` };
    }
    const members = (read(`${folder}/cgroup.procs`) ?? '').split('\n').filter((line) => line !== '' && line !== String(pid));
    return { path, bytes: toHex(BigInt(bytes.trim())), otherProcesses: members.length };
}
