/**
 * Which guest physical addresses a host physical page is behind: through what the VMM maps at the HVAs of its memslots. Of a
 * guest_memfd that finds the pages which the VMM maps.
 */
import { toHex } from '../../common/address';
import type { AddressPlace, LookupStep } from '../../common/explain/addressLookup';
import type { SlotRow } from '../details/memslots';
import type { VmMemory } from '../details/vmMemory';
import { findMapping, type Mapping } from '../discovery/processMaps';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import { enumerate, type UnknownFields } from '../unknownFields';
import { placeIn, type Found } from './locateAddress';
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
    if (places.length > 0) return { steps, places };
    const mayBeUnmapped = memory.slots.filter((slot) => slot.hasGuestMemfd || mapsFile(slot, memory.mappings ?? []));
    if (mayBeUnmapped.length > 0) unknown.add('pfn', notSearched(mayBeUnmapped));
    if (!isHidden) steps.push({ source, text: `The VMM maps PFN ${toHex(frame)} at no HVA of a memslot.` });
    return { steps, places };
}

const mapsFile = ({ hvaPage, gfn, end }: SlotRow, mappings: readonly Mapping[]): boolean =>
    mappings.slice(findMapping(mappings, hvaPage)).some(({ inode, start }) => inode !== 0 && start < hvaPage + end - gfn);

const notSearched = (slots: readonly SlotRow[]): string =>
    `pages that only a guest_memfd or a file holds, and the VMM does not map, are not searched: the page may be one of these, in memslot ${enumerate(slots.map(({ id }) => id))}`;
