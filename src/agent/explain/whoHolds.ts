/** Who holds a page: the processes that map it, the references of its folios, and what in the VMM could hold it besides. */
import { toHex } from '../../common/address';
import type { FolioHolders, MappingProcess, PageHolders } from '../../common/explain/explanation';
import type { BackingKind } from '../../common/model';
import { kindOf, mapsOwnGuestMemfd } from '../details/backing';
import { findFileMappings } from '../discovery/fileMappings';
import { findKvmMappings } from '../discovery/kvmMappings';
import { readCommand } from '../discovery/processes';
import { mappingAt } from '../discovery/processMaps';
import type { OpenVm } from '../discovery/vmDirectory';
import type { SlotRow } from '../details/memslots';
import type { VmMemory } from '../details/vmMemory';
import { pinsAmong } from '../guestMemfd/pageHolders';
import { unlessRefused } from '../nativeErrors';
import type { Pace } from '../pace';
import type { UnknownFields } from '../unknownFields';
import { folioBehind } from './folioBehind';
import { findPossibleHolders } from './possibleHolders';

export async function whoHolds(
    vm: OpenVm,
    memory: VmMemory,
    slot: SlotRow | undefined,
    address: bigint,
    unknown: UnknownFields,
    pace: Pace,
): Promise<PageHolders> {
    if (slot === undefined) return { mappedBy: [], folios: [], possible: [] };
    const offset = address - (BigInt(slot.gfn) << 12n);
    return {
        mappedBy: [
            ...mappedByVmm(vm, memory, slot.hva + offset),
            ...(await fileMappings(vm, memory, slot.hva + offset, unknown, pace)),
            ...(await guestMemfdMappings(vm, slot, offset, unknown, pace)),
        ],
        folios: [...(await hvaFolio(vm, memory, slot, slot.hva + offset, unknown)), ...(await guestMemfdFolio(memory, slot, offset, unknown))],
        possible: findPossibleHolders(vm.process.pid, slot.hva + offset, unknown),
    };
}

function mappedByVmm({ process: { pid } }: OpenVm, { mappings }: VmMemory, hva: bigint): MappingProcess[] {
    const mapping = mappings === null ? undefined : mappingAt(mappings, Number(hva >> 12n));
    return mapping === undefined ? [] : [{ pid, command: readCommand(pid) ?? '', hva: toHex(hva), rights: mapping.rights }];
}

const filesOfMemory: readonly BackingKind[] = ['memfd', 'shmem', 'hugetlb', 'file'];

/** Where other processes map the page of the file that the VMM maps shared at this HVA. */
async function fileMappings({ process }: OpenVm, { mappings, filesystems }: VmMemory, hva: bigint, unknown: UnknownFields, pace: Pace): Promise<MappingProcess[]> {
    const page = Number(hva >> 12n);
    const mapping = mappings === null ? undefined : mappingAt(mappings, page);
    if (mapping === undefined || !mapping.shared || !filesOfMemory.includes(kindOf(mapping, filesystems))) return [];
    const others = await findFileMappings(process.pid, mapping, page, pace);
    for (const reason of others.reasons) unknown.add('holders.mappedBy', reason);
    return others.mappings.map((found) => ({
        pid: found.pid,
        command: readCommand(found.pid) ?? '',
        hva: toHex((BigInt(found.page) << 12n) + (hva & 0xfffn)),
        rights: found.rights,
    }));
}

/** Where any process has the slot's guest_memfd mapped, beside the slot's own HVA. */
async function guestMemfdMappings({ process }: OpenVm, slot: SlotRow, offset: bigint, unknown: UnknownFields, pace: Pace): Promise<MappingProcess[]> {
    if (slot.gmemInode === null) return [];
    const { mappings, reason } = await findKvmMappings(pace);
    if (reason !== null) unknown.add('holders.mappedBy', reason);
    const page = slot.gmemPage + Number(offset >> 12n);
    return (mappings ?? [])
        .filter(({ kind, inode, firstPage, start, end }) => kind === 'guest_memfd' && inode === slot.gmemInode && page >= firstPage && BigInt(page - firstPage) < (end - start) >> 12n)
        .map(({ pid, start, firstPage, rights }) => ({ pid, rights, hva: start + (BigInt(page - firstPage) << 12n) + (offset & 0xfffn) }))
        .filter(({ pid, hva }) => pid !== process.pid || hva !== slot.hva + offset)
        .map(({ pid, rights, hva }) => ({ pid, command: readCommand(pid) ?? '', hva: toHex(hva), rights }));
}

/** Of the page that the VMM has mapped at the HVA; a page of the slot's own guest_memfd is told on that side. */
async function hvaFolio({ process: { pid } }: OpenVm, { mappings, mappingsReason }: VmMemory, slot: SlotRow, hva: bigint, unknown: UnknownFields): Promise<FolioHolders[]> {
    const page = Number(hva >> 12n);
    if (mappings === null) {
        unknown.add('holders.folios', mappingsReason);
        return [];
    }
    const mapping = mappingAt(mappings, page);
    if (mapping === undefined || mapsOwnGuestMemfd(slot, mapping)) return [];
    const folio = await unlessRefused(() => Promise.resolve(folioBehind(pid, page)));
    if (folio === null) return [];
    if (typeof folio === 'string') {
        unknown.add('holders.folios', folio);
        return [];
    }
    const { pages, references, mappings: mapped, pins } = folio;
    return [{ side: 'hva', pages, references, mappings: mapped, pins: pins ?? pinsAmong({ pages, references: references - (mapped ?? 0) }) }];
}

async function guestMemfdFolio({ guestMemfds }: VmMemory, slot: SlotRow, offset: bigint, unknown: UnknownFields): Promise<FolioHolders[]> {
    const held = slot.gmemInode === null ? undefined : guestMemfds.get(slot.gmemInode);
    if (held === undefined) return [];
    const { process, fd } = held.source;
    const folio = await unlessRefused(() => Promise.resolve(process.readFolioReferences(fd, slot.gmemPage + Number(offset >> 12n))));
    if (typeof folio === 'string') {
        unknown.add('holders.folios', folio);
        return [];
    }
    return folio === null ? [] : [{ side: 'guest_memfd', pages: folio.pages, references: folio.references, mappings: null, pins: pinsAmong(folio) }];
}
