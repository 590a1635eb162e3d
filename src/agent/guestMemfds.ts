/** The guest_memfds of a VM that its process holds by a file descriptor. */
import type { GuestMemfdRecord, KvmFile, VmIdentity, VmmProcess } from '../../native/index';
import { toHex } from '../common/address';
import type { FileRange } from '../common/model';

export interface HeldGuestMemfd {
    /** Ascending; never empty. */
    readonly fds: readonly number[];
    readonly record: GuestMemfdRecord;
}

/** By inode. An fd that closes meanwhile is left out. */
export function heldGuestMemfds(
    process: VmmProcess,
    files: readonly KvmFile[],
    vm: VmIdentity,
): ReadonlyMap<number, HeldGuestMemfd> {
    const held = new Map<number, { fds: number[]; record: GuestMemfdRecord }>();
    const fds = files.filter((file) => file.kind === 'guest_memfd' && file.vm === vm).map(({ fd }) => fd);
    for (const fd of fds.sort((a, b) => a - b)) {
        const record = process.readGuestMemfd(fd);
        if (record === null) continue;
        const known = held.get(record.inode);
        if (known === undefined) held.set(record.inode, { fds: [fd], record });
        else known.fds.push(fd);
    }
    return held;
}

/** KVM_CREATE_GUEST_MEMFD's flags. */
const flagNames = ['mmap', 'init-shared'] as const;

export const isInitShared = (record: GuestMemfdRecord): boolean => (record.flags & 2n) !== 0n;

export function gmemFlags(flags: bigint): string[] {
    const names: string[] = [];
    for (let bit = 0; bit < 64; bit++) {
        if (((flags >> BigInt(bit)) & 1n) !== 0n) names.push(flagNames[bit] ?? `flag-${bit}`);
    }
    return names;
}

/** What no memslot is bound to; several may be bound to one page. */
export function unboundRanges({ size, bindings }: GuestMemfdRecord): FileRange[] {
    const end = Number(size >> 12n);
    const ranges: FileRange[] = [];
    let at = 0;
    const add = (first: number) => {
        if (first > at) ranges.push({ offset: toHex(at * 4096), size: toHex((first - at) * 4096) });
    };
    for (const { first, pages } of [...bindings].sort((a, b) => a.first - b.first)) {
        add(first);
        at = Math.max(at, first + pages);
    }
    add(end);
    return ranges;
}
