/** The guest_memfds of a VM that some process holds by a file descriptor. */
import type { GuestMemfdRecord, KvmFile, VmIdentity, VmmProcess } from '../../../native/index';
import { toHex } from '../../common/address';
import type { FileRange, VmHolder } from '../../common/model';
import { isNativeError } from '../nativeErrors';

export interface HeldGuestMemfd {
    /** Those of the VMM, ascending; empty where only other processes have one. */
    readonly fds: readonly number[];
    /** Of all processes. */
    readonly holders: readonly VmHolder[];
    readonly record: GuestMemfdRecord;
    /** Where its pages are read. */
    readonly source: { readonly process: VmmProcess; readonly fd: number };
}

/** By inode. `others` may have further fds, or the only ones. An fd that closes meanwhile is left out. */
export function heldGuestMemfds(
    process: VmmProcess,
    files: readonly KvmFile[],
    others: readonly VmmProcess[],
    vm: VmIdentity,
): ReadonlyMap<number, HeldGuestMemfd> {
    const held = new Map<number, HeldGuestMemfd & { readonly fds: number[]; readonly holders: VmHolder[] }>();
    const add = (holder: VmmProcess, kvmFiles: readonly KvmFile[]) => {
        const fds = kvmFiles.filter((file) => file.kind === 'guest_memfd' && file.vm === vm).map(({ fd }) => fd);
        for (const fd of fds.sort((a, b) => a - b)) {
            const record = holder.readGuestMemfd(fd);
            if (record === null) continue;
            const known = held.get(record.inode) ?? { fds: [], holders: [], record, source: { process: holder, fd } };
            held.set(record.inode, known);
            known.holders.push({ pid: holder.pid, fd });
            if (holder === process) known.fds.push(fd);
        }
    };
    add(process, files);
    for (const other of others) unlessEnded(() => add(other, other.kvmFiles()));
    return held;
}

/** Another holder may end at any time; the VM goes on without it. */
function unlessEnded(look: () => void): void {
    try {
        look();
    } catch (thrown) {
        if (!isNativeError(thrown) || thrown.code !== 'ESRCH') throw thrown;
    }
}

/** KVM_CREATE_GUEST_MEMFD's flags. */
const flagNames = ['mmap', 'init-shared'] as const;

export const isMappable = ({ flags }: Pick<GuestMemfdRecord, 'flags'>): boolean => (flags & 1n) !== 0n;
export const isInitShared = ({ flags }: Pick<GuestMemfdRecord, 'flags'>): boolean => (flags & 2n) !== 0n;

export function gmemFlags(flags: bigint): string[] {
    const names: string[] = [];
    for (let bit = 0; bit < 64; bit++) {
        if (((flags >> BigInt(bit)) & 1n) !== 0n) names.push(flagNames[bit] ?? `flag-${bit}`);
    }
    return names;
}

/** What no memslot is bound to; several may be bound to one page. */
export const unboundRanges = ({ size, bindings }: GuestMemfdRecord): FileRange[] => unboundIn(Number(size >> 12n), bindings);

/** Pages of a file that has `end` of them. */
export function unboundIn(end: number, bindings: readonly { readonly first: number; readonly pages: number }[]): FileRange[] {
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
