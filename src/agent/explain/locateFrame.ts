/**
 * Which guest physical addresses a host physical page is behind: through what the VMM maps at the HVAs of its memslots, and
 * through the page caches of its guest_memfds.
 */
import { toHex } from '../../common/address';
import { listed } from '../../common/listed';
import type { AddressPlace, LookupStep } from '../../common/explain/addressLookup';
import type { SlotRow } from '../details/memslots';
import { gmemProblem, type VmMemory } from '../details/vmMemory';
import { isGuestMemfdPath } from '../discovery/processes';
import { findMapping, type Mapping } from '../discovery/processMaps';
import type { OpenVm } from '../discovery/vmDirectory';
import type { HeldGuestMemfd } from '../guestMemfd/guestMemfds';
import { unlessRefused } from '../nativeErrors';
import type { Pace } from '../pace';
import { enumerate, type UnknownFields } from '../unknownFields';
import { placeIn, type Found } from './found';
import { framesHidden, PageFrames } from './pageFrames';

export async function locateFrame({ process }: OpenVm, memory: VmMemory, frame: bigint, unknown: UnknownFields, pace: Pace): Promise<Found> {
    const source = `/proc/${process.pid}/pagemap`;
    if (memory.mappings === null) {
        unknown.add('pfn', memory.mappingsReason);
        return { steps: [], places: [] };
    }
    const steps: LookupStep[] = [];
    const places: AddressPlace[] = [];
    let isHidden = false;
    const frames = new PageFrames(process.pid);
    try {
        for (const slot of memory.slots) {
            const found = await frames.find(frame, slot.hvaPage, slot.hvaPage + slot.end - slot.gfn, pace);
            if (found === 'hidden') {
                isHidden = true;
                unknown.add('pfn', framesHidden);
                continue;
            }
            for (const page of found) {
                const place = placeIn(slot, BigInt(page - slot.hvaPage) << 12n);
                places.push(place);
                steps.push({ source, text: `The VMM has it mapped at HVA ${toHex(BigInt(page) << 12n)}, in memslot ${slot.id}: GPA ${place.gpa}.` });
            }
        }
    } finally {
        frames.close();
    }
    for (const held of memory.guestMemfds.values()) {
        const page = await unlessRefused(() => findInGuestMemfd(held, frame, pace));
        if (typeof page === 'string') unknown.add('pfn', `guest_memfd ${held.record.inode}: ${page}`);
        if (typeof page !== 'number') continue;
        const bound = memory.slots.filter(({ gmemInode, gmemPage, gfn, end }) => gmemInode === held.record.inode && gmemPage <= page && page - gmemPage < end - gfn);
        const named = bound.map((slot) => ({ slot, place: placeIn(slot, BigInt(page - slot.gmemPage) << 12n) }));
        const where = named.length === 0 ? 'which is bound to no memslot' : listed(named.map(({ slot, place }) => `in memslot ${slot.id}: GPA ${place.gpa}`));
        steps.push({ source: 'page cache of the guest_memfd', text: `The guest_memfd ${held.record.inode} has it at ${toHex(BigInt(page) << 12n)}, ${where}.` });
        places.push(...named.map(({ place }) => place).filter(({ addressSpace, gpa }) => !places.some((other) => other.addressSpace === addressSpace && other.gpa === gpa)));
    }
    if (steps.length > 0) return { steps, places };
    const unsearched = memory.slots.filter((slot) => gmemProblem(slot, memory) !== null || mapsFile(slot, memory.mappings ?? []));
    if (unsearched.length > 0) unknown.add('pfn', notSearched(unsearched));
    if (!isHidden) steps.push({ source, text: `The VMM maps PFN ${toHex(frame)} at no HVA of a memslot.` });
    return { steps, places };
}

/** Page of the guest_memfd; null where it does not have the frame. */
async function findInGuestMemfd({ record, source }: HeldGuestMemfd, frame: bigint, pace: Pace): Promise<number | null> {
    const end = record.allocatedPages === 0 ? 0 : Number(record.size >> 12n);
    for (let from: number | null = 0; from !== null && from < end; ) {
        const search = source.process.findGuestMemfdFrame(source.fd, Number(frame), from, end);
        if (search === null || search.page !== null) return search?.page ?? null;
        from = search.next;
        await pace.breathe();
    }
    return null;
}

const mapsFile = ({ hvaPage, gfn, end }: SlotRow, mappings: readonly Mapping[]): boolean =>
    mappings.slice(findMapping(mappings, hvaPage)).some(({ inode, path, start }) => inode !== 0 && !isGuestMemfdPath(path) && start < hvaPage + end - gfn);

const notSearched = (slots: readonly SlotRow[]): string =>
    `pages that only a file holds (or a guest_memfd without file descriptor), and the VMM does not map, are not searched: the page may be one of these, in memslot ${enumerate(slots.map(({ id }) => id))}`;
