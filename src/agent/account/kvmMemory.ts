/** What KVM itself keeps for a VM: page tables for the guest, the attribute store, metadata of memslots. */
import type { KvmMemory } from '../../../native/index';
import { toHex } from '../../common/address';
import type { AccountEntry } from '../../common/memoryAccount';
import { mappingProblems } from '../pages/guestMapping';
import type { SlotRow } from '../details/memslots';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import type { UnknownFields } from '../unknownFields';
import { everything } from '../pages/window';
import { errors } from '../../common/errors';

const tableSize = 4096;

export async function readKvmMemory(vm: OpenVm, slots: readonly SlotRow[], unknown: UnknownFields, pace: Pace): Promise<AccountEntry[]> {
    const memory = vm.process.readKvmMemory(vm.fd);
    if (memory === null) throw errors.vmGone(vm.id);
    const entries = [await guestPageTables(vm, memory, unknown, pace), attributeStore(vm, memory, unknown), memslotMetadata(memory, slots, unknown)];
    return entries.filter((entry) => entry !== null);
}

/** Of the TDP MMU, each table that the walk from the root comes through; of the shadow MMU, what KVM counts. */
async function guestPageTables(vm: OpenVm, { shadowPages }: KvmMemory, unknown: UnknownFields, pace: Pace): Promise<AccountEntry | null> {
    const part = 'guest-page-tables';
    let tables = 0;
    let usesTdp = true;
    for (let addressSpace = 0; addressSpace < vm.record.addressSpaces; addressSpace++) {
        const counted = await countTables(vm, addressSpace, pace);
        if (typeof counted === 'number') {
            tables += counted;
        } else if (counted === 'shadow') {
            usesTdp = false;
        } else {
            unknown.add(`entries.${part}`, mappingProblems[counted]);
            return null;
        }
    }
    if (!usesTdp && shadowPages === null) {
        unknown.add(`entries.${part}`, 'KVM maps this VM by its shadow MMU, and this kernel does not tell how many tables that has');
        return null;
    }
    const nested = shadowPages === null ? '; those for guests within the guest are not told' : '';
    return {
        part,
        bytes: toHex((tables + (shadowPages ?? 0)) * tableSize),
        source: usesTdp ? `tables met in a walk of the TDP MMU's, 4 KiB each${nested}` : 'kvm->arch.n_used_mmu_pages, 4 KiB each; of each that shadows a table, KVM may keep 4 KiB more',
        exact: usesTdp && shadowPages !== null,
    };
}

async function countTables(vm: OpenVm, addressSpace: number, pace: Pace) {
    let tables = 0;
    for (let from: number | null = everything.gfn; from !== null; ) {
        const chunk = vm.process.readGuestMapping(vm.fd, addressSpace, from, everything.end, false);
        if (chunk === null) throw errors.vmGone(vm.id);
        if ('problem' in chunk) return chunk.problem;
        tables += chunk.tables;
        from = chunk.next;
        await pace.breathe();
    }
    return tables;
}

function attributeStore(vm: OpenVm, { attributeNodes, nodeSize }: KvmMemory, unknown: UnknownFields): AccountEntry | null {
    const part = 'attribute-store';
    if (vm.convertsInPlace) {
        unknown.add(`entries.${part}`, 'each guest_memfd keeps ranges of attributes in a maple tree, whose nodes are not counted: 256 bytes for some ten ranges');
        return null;
    }
    if (attributeNodes === null) {
        unknown.add(`entries.${part}`, 'the attribute store has more nodes than are walked at once');
        return null;
    }
    return {
        part,
        bytes: toHex(attributeNodes * nodeSize),
        source: `kvm->mem_attr_array: ${attributeNodes} nodes of an xarray, ${nodeSize} bytes each`,
        exact: true,
    };
}

/** Entries that KVM has for the pages of a slot, or for its regions of 2 MiB and 1 GiB. */
function memslotMetadata({ hasReverseMap, tracksWrites }: KvmMemory, slots: readonly SlotRow[], unknown: UnknownFields): AccountEntry | null {
    const part = 'memslot-metadata';
    if (hasReverseMap === null || tracksWrites === null) {
        unknown.add(`entries.${part}`, 'this kernel does not tell what it keeps for each page of a memslot');
        return null;
    }
    let bytes = 0;
    for (const { gfn, end, logsDirtyPages } of slots) {
        const pages = end - gfn;
        const regions = regionsOf(gfn, end, 9) + regionsOf(gfn, end, 18);
        bytes += regions * 4;
        if (hasReverseMap) bytes += (pages + regions) * 8;
        if (tracksWrites) bytes += pages * 2;
        // The bitmap, and a second one in which it is handed to the VMM.
        if (logsDirtyPages) bytes += 2 * Math.ceil(pages / 64) * 8;
    }
    return {
        part,
        bytes: toHex(bytes),
        source: `sizes of lpage_info${hasReverseMap ? ', rmap' : ''}${tracksWrites ? ', gfn_write_track' : ''} and dirty bitmaps, by the pages of the memslots; the kernel rounds them up`,
        exact: false,
    };
}

const regionsOf = (gfn: number, end: number, shift: number): number => Math.floor((end - 1) / 2 ** shift) - Math.floor(gfn / 2 ** shift) + 1;
