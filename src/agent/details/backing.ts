/** What kind of memory a VMM has mapped behind a memslot. */
import { statfsSync } from 'node:fs';
import type { BackingKind, Memslot, PageSizeName } from '../../common/model';
import type { SlotRow } from './memslots';
import { isGuestMemfdPath } from '../discovery/processes';
import { findMapping, type Mapping } from '../discovery/processMaps';

/** Magic numbers of linux/magic.h. */
const tmpfs = 0x01021994;
const hugetlbfs = 0x958458f6;

type Backing = NonNullable<Memslot['backing']>;
const unmapped: Backing = { kind: 'unmapped', path: null, rights: null };

interface Filesystem {
    readonly type: number;
    readonly blockSize: number;
}

/** The file systems behind the mappings of one process: one statfs for each device, through /proc/PID/map_files. */
export class MappedFilesystems {
    private readonly byDevice = new Map<string, Filesystem | null>();

    constructor(private readonly pid: number) {}

    /** Null when it cannot be told: without privilege, or when the mapping has gone. */
    of(mapping: Mapping): Filesystem | null {
        let filesystem = this.byDevice.get(mapping.device);
        if (filesystem === undefined) {
            filesystem = this.ask(mapping);
            this.byDevice.set(mapping.device, filesystem);
        }
        return filesystem;
    }

    private ask({ start, end }: Mapping): Filesystem | null {
        try {
            const { type, bsize } = statfsSync(`/proc/${this.pid}/map_files/${start.toString(16)}000-${end.toString(16)}000`);
            return { type, blockSize: bsize };
        } catch (thrown) {
            if (thrown instanceof Error && 'syscall' in thrown) return null;
            throw thrown;
        }
    }
}

export function kindOf(mapping: Mapping, filesystems: MappedFilesystems): BackingKind {
    const { inode, path } = mapping;
    if (inode === 0) return 'anonymous';
    if (isGuestMemfdPath(path)) return 'guest_memfd';
    if (path.startsWith('anon_inode:')) return 'device';
    const type = filesystems.of(mapping)?.type;
    if (type === hugetlbfs || path.startsWith('/anon_hugepage')) return 'hugetlb';
    if (path.startsWith('/memfd:')) return 'memfd';
    // Shared anonymous memory and System V segments; devtmpfs, where the other files of /dev are, is a tmpfs too.
    if (/^\/(dev\/zero|SYSV[0-9a-f]*) \(deleted\)$/.test(path) || path.startsWith('[anon_shmem')) return 'shmem';
    if (path.startsWith('/dev/') && !path.startsWith('/dev/shm/')) return 'device';
    return type === tmpfs ? 'shmem' : 'file';
}

/** The page size of a hugetlb mapping; null for other mappings and for sizes that have no name. */
export function hugetlbPageSize(mapping: Mapping, filesystems: MappedFilesystems): PageSizeName | null {
    const filesystem = mapping.inode === 0 ? null : filesystems.of(mapping);
    if (filesystem?.type !== hugetlbfs) return null;
    if (filesystem.blockSize === 2 ** 21) return '2M';
    return filesystem.blockSize === 2 ** 30 ? '1G' : null;
}

/** The HVA maps the slot's own guest_memfd, at the slot's own offset: both sides are the same pages. */
export function mapsOwnGuestMemfd(slot: SlotRow, mapping: Mapping): boolean {
    return (
        slot.gmemInode === mapping.inode &&
        isGuestMemfdPath(mapping.path) &&
        mapping.filePage - mapping.start === slot.gmemPage - slot.hvaPage
    );
}

/** A slot of a guest_memfd alone need not have an HVA. */
export const hasHvaSide = (slot: SlotRow): boolean => !(slot.gmemOnly && slot.hvaPage === 0);

/** Kind, path and rights over the whole slot; "mixed" where the kind or the path of its parts differ. */
export function backingOf(slot: SlotRow, mappings: readonly Mapping[], filesystems: MappedFilesystems): Backing {
    if (!hasHvaSide(slot)) return unmapped;
    const end = slot.hvaPage + slot.end - slot.gfn;
    let backing: Backing | undefined;
    let page = slot.hvaPage;
    for (let i = findMapping(mappings, page); page < end; ) {
        const mapping = mappings[i];
        let part = unmapped;
        if (mapping === undefined || mapping.start > page) {
            page = mapping?.start ?? end;
        } else {
            const path = mapping.inode === 0 ? null : mapping.path;
            part = { kind: kindOf(mapping, filesystems), path, rights: mapping.rights };
            page = mapping.end;
            i++;
        }
        if (backing !== undefined && (backing.kind !== part.kind || backing.path !== part.path)) {
            return { kind: 'mixed', path: null, rights: null };
        }
        backing = backing === undefined || backing.rights === part.rights ? part : { ...part, rights: null };
    }
    return backing ?? unmapped;
}
