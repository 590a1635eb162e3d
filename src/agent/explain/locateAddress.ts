/** Where an address of another kind leads: host virtual, guest virtual, in a guest_memfd, host physical. */
import { parseHex, toHex } from '../../common/address';
import { errors } from '../../common/errors';
import type { AddressLookup, AddressPlace, AddressQuery, LookupStep } from '../../common/explain/addressLookup';
import type { SlotRow } from '../details/memslots';
import { readVmMemory, type VmMemory } from '../details/vmMemory';
import { mappingAt } from '../discovery/processMaps';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import { UnknownFields } from '../unknownFields';
import { placeIn, type Found } from './found';
import { locateGuestVirtual } from './locateGuestVirtual';
import { locateFrame } from './locateFrame';

export async function locateAddress(vm: OpenVm, query: AddressQuery, pace: Pace): Promise<AddressLookup> {
    const memory = readVmMemory(vm);
    const unknown = new UnknownFields();
    return { vm: vm.id, query, ...(await find(vm, memory, query, unknown, pace)), unknown: unknown.list() };
}

async function find(vm: OpenVm, memory: VmMemory, query: AddressQuery, unknown: UnknownFields, pace: Pace): Promise<Found> {
    switch (query.kind) {
        case 'hva':
            return locateHva(vm, memory, parseHex(query.hva) ?? 0n, unknown);
        case 'gva':
            return locateGuestVirtual(vm, memory, parseHex(query.gva) ?? 0n, query.vcpu, pace);
        case 'guest-memfd':
            return locateInGuestMemfd(vm, memory, query.inode, parseHex(query.offset) ?? 0n);
        case 'pfn':
            return locateFrame(vm, memory, parseHex(query.pfn) ?? 0n, unknown, pace);
    }
}

const memslotSource = 'struct kvm_memory_slot';

/** Every memslot that has this HVA. */
export function placesOfHva(slots: readonly SlotRow[], hva: bigint): { readonly slot: SlotRow; readonly place: AddressPlace }[] {
    return slots
        .filter((slot) => slot.hva <= hva && hva - slot.hva < BigInt(slot.end - slot.gfn) << 12n)
        .map((slot) => ({ slot, place: placeIn(slot, hva - slot.hva) }));
}

function locateHva({ process }: OpenVm, memory: VmMemory, hva: bigint, unknown: UnknownFields): Found {
    const found = placesOfHva(memory.slots, hva);
    if (found.length > 0) return { steps: found.map(({ slot, place }) => inSlot(slot, place, hva - slot.hva)), places: found.map(({ place }) => place) };
    const steps: LookupStep[] = [{ text: `No memslot has HVA ${toHex(hva)}: it is not guest memory.`, source: memslotSource }];
    if (memory.mappings === null) unknown.add('hva', memory.mappingsReason);
    else {
        const mapping = mappingAt(memory.mappings, Number(hva >> 12n));
        const text = mapping === undefined ? `Process ${process.pid} has nothing mapped there.` : `Process ${process.pid} has ${mapping.path === '' ? 'anonymous memory' : mapping.path} mapped there, ${mapping.rights}.`;
        steps.push({ text, source: `/proc/${process.pid}/maps` });
    }
    return { steps, places: [] };
}

function inSlot({ id, gmemOnly }: SlotRow, { gpa, addressSpace }: AddressPlace, offset: bigint): LookupStep {
    const where = addressSpace === 0 ? '' : ` of address space ${addressSpace}`;
    const unused = gmemOnly ? '; the guest does not use this side' : '';
    return { text: `Memslot ${id}${where}, ${toHex(offset)} into it: GPA ${gpa}${unused}.`, source: memslotSource };
}

function locateInGuestMemfd(vm: OpenVm, { slots, guestMemfds }: VmMemory, inode: number, offset: bigint): Found {
    const held = guestMemfds.get(inode);
    const bound = slots.filter((slot) => slot.gmemInode === inode);
    if (held === undefined && bound.length === 0) {
        const inodes = [...guestMemfds.keys()].join(', ');
        throw errors.usage(`The VM ${vm.id} has no guest_memfd with inode ${inode}: ${inodes === '' ? 'it has none' : `it has ${inodes}`}, as 'guestmem show' lists them.`);
    }
    const found = bound
        .map((slot) => ({ slot, within: offset - (BigInt(slot.gmemPage) << 12n) }))
        .filter(({ slot, within }) => within >= 0n && within < BigInt(slot.end - slot.gfn) << 12n);
    if (found.length > 0) {
        const places = found.map(({ slot, within }) => placeIn(slot, within));
        return { steps: found.map(({ slot, within }) => inSlot({ ...slot, gmemOnly: false }, placeIn(slot, within), within)), places };
    }
    const isBeyond = held !== undefined && offset >= held.record.size;
    const text = isBeyond
        ? `The guest_memfd ends before: it has ${toHex(held.record.size)} bytes.`
        : 'No memslot is bound to this offset: what is allocated there is of no use to the guest.';
    return { steps: [{ text, source: isBeyond ? 'the inode' : memslotSource }], places: [] };
}
