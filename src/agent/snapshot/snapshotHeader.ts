/** What a .gmem file says beside the runs: who made it, of which VM, and what each of its maps is. */
import type { Unknown, VmDetails } from '../../common/model';
import type { SnapshotOrigin } from '../../common/openedMap';
import { flag, listOf, oneOf, orNull, record, text, whole, type Check } from './shape';
import { mostRuns } from './layout';

/** One address space. */
export interface SnapshotMapHeader {
    readonly addressSpace: number;
    readonly takenAt: string;
    readonly consistent: boolean;
    readonly unknown: readonly Unknown[];
    readonly runs: number;
}

export interface SnapshotHeader extends Omit<SnapshotOrigin, 'addressSpaces'> {
    readonly details: VmDetails;
    readonly maps: readonly SnapshotMapHeader[];
}

const mostAddressSpaces = 16;
const mostMemslots = 32_767;
const most = 65_536;

const words = text(4096);
const name = text(4096);
const time = text(40, /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$/);
const hex = text(18, /^0x[0-9a-f]{1,16}$/);
const pid = whole(0, 2 ** 22);
const fd = whole(-1, 2 ** 31);
const small = whole(0, 0xffff);
const inode = whole(0, Number.MAX_SAFE_INTEGER);
const attribute = oneOf(['private', 'shared']);
const rights = text(3, /^[r-][w-][x-]$/);

const unknown = listOf(most, record({ field: words, reason: words }));
const holders = listOf(most, record({ pid, fd }));

const memslot = record({
    id: small,
    internal: flag,
    gpa: hex,
    size: hex,
    flags: listOf(3, oneOf(['log-dirty-pages', 'readonly', 'guest-memfd'])),
    gmemOnly: flag,
    hva: hex,
    guestMemfd: orNull(record({ inode, fd, offset: hex })),
    backing: orNull(
        record({
            kind: oneOf(['anonymous', 'memfd', 'shmem', 'hugetlb', 'file', 'guest_memfd', 'device', 'unmapped', 'mixed']),
            path: orNull(name),
            rights: orNull(rights),
        }),
    ),
});

const guestMemfd = record({
    inode,
    fds: listOf(most, fd),
    size: hex,
    flags: listOf(64, text(64)),
    allocated: orNull(hex),
    prepared: orNull(hex),
    bindings: listOf(most, record({ addressSpace: small, memslot: small, offset: hex, size: hex })),
    holders,
    unbound: listOf(most, record({ offset: hex, size: hex })),
    leaked: flag,
    hostMappings: orNull(listOf(most, record({ offset: hex, size: hex, pid, hva: hex, rights: text(16) }))),
    folios: orNull(listOf(64, record({ pageSize: hex, size: hex }))),
    nodes: orNull(listOf(most, record({ offset: hex, size: hex, node: small }))),
    directMap: orNull(oneOf(['present', 'removed'])),
    attributes: orNull(listOf(most, record({ offset: hex, size: hex, attribute }))),
});

const vcpu = record({
    id: whole(0, 2 ** 31),
    fd: orNull(fd),
    tid: orNull(pid),
    exit: orNull(record({ reason: text(64), memoryFault: orNull(record({ gpa: hex, size: hex, access: attribute })) })),
    rip: orNull(hex),
    cr3: orNull(hex),
});

const details: Check<VmDetails> = record({
    vm: record({
        id: text(32, /^[0-9]{1,7}:[0-9]{1,10}$/),
        pid,
        fd,
        command: name,
        name: orNull(name),
        vcpus: orNull(small),
        memory: orNull(hex),
        type: orNull(text(32)),
        tracedBy: orNull(pid),
        holders,
        heldBy: oneOf(['vm', 'vcpu', 'guest_memfd', 'mapping']),
    }),
    capabilities: record({ attributes: listOf(1, oneOf(['private'])), attributeScope: oneOf(['vm', 'guest_memfd', 'none']) }),
    addressSpaces: listOf(mostAddressSpaces, record({ id: small, memslots: listOf(mostMemslots, memslot) })),
    guestMemfds: listOf(most, guestMemfd),
    vcpus: listOf(most, vcpu),
    unknown,
});

/** Throws ShapeError, which says which field is wrong. */
export const checkHeader: Check<SnapshotHeader> = record({
    guestmemVersion: text(64),
    kernel: text(256),
    savedAt: time,
    redacted: flag,
    details,
    maps: listOf(mostAddressSpaces, record({ addressSpace: small, takenAt: time, consistent: flag, unknown, runs: whole(0, mostRuns) })),
});
