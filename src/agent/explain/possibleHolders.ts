/**
 * What a VMM has open that can hold pages of its memory: devices, vhost, io_uring. Which pages, the kernel tells only of the
 * buffers that are registered with an io_uring.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { PossibleHolder } from '../../common/explain/explanation';
import { look } from '../discovery/processes';
import type { UnknownFields } from '../unknownFields';

const links: readonly (readonly [RegExp, PossibleHolder['kind']])[] = [
    [/^\/dev\/vfio\/|^anon_inode:\[?vfio-/, 'vfio'],
    [/^\/dev\/iommu$/, 'iommufd'],
    [/^\/dev\/vhost-/, 'vhost'],
    [/^\/dev\/infiniband\/uverbs/, 'rdma'],
    [/^anon_inode:\[io_uring\]$/, 'io_uring'],
];

export function findPossibleHolders(pid: number, hva: bigint, unknown: UnknownFields): PossibleHolder[] {
    const folder = `/proc/${pid}/fd`;
    const fds = look(() => readdirSync(folder));
    if (fds.kind === 'denied') unknown.add('holders.possible', `${folder} may not be read without CAP_SYS_PTRACE`);
    if (fds.kind !== 'found') return [];
    const found = new Map<PossibleHolder['kind'], number[]>();
    for (const fd of fds.value.map(Number)) {
        const link = look(() => readlinkSync(`${folder}/${fd}`));
        const kind = link.kind === 'found' ? links.find(([form]) => form.test(link.value))?.[1] : undefined;
        if (kind === undefined || (kind === 'io_uring' && !mayHaveRegistered(pid, fd, hva))) continue;
        found.set(kind, [...(found.get(kind) ?? []), fd]);
    }
    return [...found].map(([kind, held]) => ({ kind, pid, fds: held.sort((a, b) => a - b) }));
}

/** Whether the HVA is in a buffer that is registered with the io_uring, or that is not told. */
function mayHaveRegistered(pid: number, fd: number, hva: bigint): boolean {
    const info = look(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'));
    if (info.kind !== 'found') return true;
    const [, count, rest] = /^UserBufs:\s*([0-9]+)\n([^]*)$/m.exec(info.value) ?? [];
    if (count === undefined || rest === undefined) return true;
    const buffers = [...rest.matchAll(/^\s*[0-9]+: (0x[0-9a-f]+)\/([0-9]+)$/gm)];
    // A ring that is in use tells the number alone.
    if (buffers.length < Number(count)) return true;
    return buffers.some(([, start, length]) => BigInt(start ?? 0) < (hva | 0xfffn) + 1n && BigInt(start ?? 0) + BigInt(length ?? 0) > (hva & ~0xfffn));
}
