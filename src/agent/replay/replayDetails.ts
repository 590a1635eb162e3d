/** The details of a VM at a time of a recording: those of its beginning, with the memslots and guest_memfds of that time. */
import { toHex } from '../../common/address';
import type { AddressSpace, GuestMemfd, Memslot, VmDetails } from '../../common/model';
import { slotFlagNames, type SlotRow } from '../details/memslots';
import { unboundIn } from '../guestMemfd/guestMemfds';
import { UnknownFields } from '../unknownFields';
import type { ReplayState } from './replayState';

const bytes = (pages: number) => toHex(BigInt(pages) * 4096n);

export function replayDetails(state: ReplayState, start: VmDetails): VmDetails {
    const unknown = new UnknownFields();
    unknown.add('addressSpaces.memslots.backing', 'no recorded event tells what the VMM maps');
    for (const field of ['prepared', 'folios', 'nodes', 'hostMappings', 'attributes']) unknown.add(`guestMemfds.${field}`, 'no recorded event tells it');
    unknown.add('vcpus', 'no recorded event tells their registers');
    const guestMemfds = start.guestMemfds.map((guestMemfd) => guestMemfdAt(guestMemfd, state));
    const known = new Set(guestMemfds.map(({ inode }) => inode));
    const made = state.inodes.filter((inode) => !known.has(inode));
    if (made.length > 0) unknown.add('guestMemfds', `of those that were made during the recording only pages and memslots are known: inode ${made.join(', ')}`);
    return { ...start, addressSpaces: addressSpacesOf(state.slots, start), guestMemfds, vcpus: [], unknown: unknown.list() };
}

function addressSpacesOf(slots: readonly SlotRow[], { addressSpaces, guestMemfds }: VmDetails): AddressSpace[] {
    const fdOf = (inode: number) => guestMemfds.find((guestMemfd) => guestMemfd.inode === inode)?.fds[0] ?? -1;
    const memslotOf = (slot: SlotRow): Memslot => ({
        id: slot.id,
        internal: slot.internal,
        gpa: bytes(slot.gfn),
        size: bytes(slot.end - slot.gfn),
        flags: slotFlagNames(slot),
        gmemOnly: slot.gmemOnly,
        hva: toHex(slot.hva),
        guestMemfd: slot.gmemInode === null ? null : { inode: slot.gmemInode, fd: fdOf(slot.gmemInode), offset: bytes(slot.gmemPage) },
        backing: null,
    });
    return addressSpaces.map(({ id }) => ({ id, memslots: slots.filter(({ addressSpace }) => addressSpace === id).map(memslotOf) }));
}

function guestMemfdAt(start: GuestMemfd, state: ReplayState): GuestMemfd {
    const bound = state.slots.filter(({ gmemInode }) => gmemInode === start.inode).map((slot) => ({ slot, first: slot.gmemPage, pages: slot.end - slot.gfn }));
    const { allocatedPages } = state.guestMemfd(start.inode);
    return {
        ...start,
        allocated: bytes(allocatedPages),
        prepared: null,
        bindings: bound.map(({ slot, first, pages }) => ({ addressSpace: slot.addressSpace, memslot: slot.id, offset: bytes(first), size: bytes(pages) })),
        unbound: unboundIn(Number(BigInt(start.size) >> 12n), bound),
        leaked: allocatedPages > 0 && bound.length === 0,
        hostMappings: null,
        folios: null,
        nodes: null,
        attributes: null,
    };
}
