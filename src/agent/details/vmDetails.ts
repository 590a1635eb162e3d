/** Everything about a VM but its pages: what `show` prints. */
import { toHex } from '../../common/address';
import type { AddressSpace, Memslot, VmDetails } from '../../common/model';
import { capabilitiesOf } from '../pages/attributeScope';
import { backingOf } from './backing';
import { readGuestMemfds } from '../guestMemfd/guestMemfdInventory';
import { slotFlagNames, type SlotRow } from './memslots';
import type { Pace } from '../pace';
import { enumerate, UnknownFields } from '../unknownFields';
import { readVcpus } from './vcpus';
import type { OpenVm } from '../discovery/vmDirectory';
import { gmemProblem, readVmMemory, type VmMemory } from './vmMemory';
import { noTypeReason } from '../discovery/vmSummary';

const bytes = (pages: number) => toHex(BigInt(pages) * 4096n);

export async function readVmDetails(vm: OpenVm, pace: Pace): Promise<VmDetails> {
    const memory = readVmMemory(vm);
    const unknown = new UnknownFields();
    if (!vm.record.consistent) unknown.add('addressSpaces', 'the memslots kept changing while they were read');
    if (vm.record.type === null) unknown.add('vm.type', noTypeReason);
    if (memory.mappings === null) unknown.add('addressSpaces.memslots.backing', memory.mappingsReason);
    tellGmemProblems(memory, unknown);
    return {
        vm: vm.summary,
        capabilities: capabilitiesOf(vm, memory.slots),
        addressSpaces: addressSpacesOf(vm, memory),
        guestMemfds: await readGuestMemfds(vm, memory, unknown, pace),
        vcpus: await readVcpus(vm, memory.files, unknown, pace),
        unknown: unknown.list(),
    };
}

/** A memslot in the model's words. */
export function memslotOf(slot: SlotRow, memory: VmMemory): Memslot {
    const held = slot.gmemInode === null ? undefined : memory.guestMemfds.get(slot.gmemInode);
    return {
        id: slot.id,
        internal: slot.internal,
        gpa: bytes(slot.gfn),
        size: bytes(slot.end - slot.gfn),
        flags: slotFlagNames(slot),
        gmemOnly: slot.gmemOnly,
        hva: toHex(slot.hva),
        guestMemfd:
            held === undefined
                ? null
                : { inode: held.record.inode, fd: held.fds[0] ?? -1, offset: bytes(slot.gmemPage) },
        backing: memory.mappings === null ? null : backingOf(slot, memory.mappings, memory.filesystems),
    };
}

function addressSpacesOf(vm: OpenVm, memory: VmMemory): AddressSpace[] {
    const spaces: { id: number; memslots: Memslot[] }[] = [];
    for (let id = 0; id < vm.record.addressSpaces; id++) spaces.push({ id, memslots: [] });
    for (const slot of memory.slots) spaces[slot.addressSpace]?.memslots.push(memslotOf(slot, memory));
    return spaces;
}

function tellGmemProblems(memory: VmMemory, unknown: UnknownFields): void {
    const byReason = new Map<string, number[]>();
    for (const slot of memory.slots) {
        const reason = gmemProblem(slot, memory);
        if (reason !== null) byReason.set(reason, [...(byReason.get(reason) ?? []), slot.id]);
    }
    for (const [reason, slots] of byReason) {
        unknown.add('addressSpaces.memslots.guestMemfd', `memslot ${enumerate(slots)}: ${reason}`);
    }
}
