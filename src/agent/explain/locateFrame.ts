/** Which guest physical addresses a host physical page is behind: through what the VMM maps at the HVAs of its memslots. */
import { toHex } from '../../common/address';
import type { AddressPlace, LookupStep } from '../../common/explain/addressLookup';
import type { VmMemory } from '../details/vmMemory';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import type { UnknownFields } from '../unknownFields';
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
    const frames = new PageFrames(process.pid);
    try {
        for (const slot of memory.slots) {
            const found = await frames.find(frame, slot.hvaPage, slot.hvaPage + slot.end - slot.gfn, pace);
            if (found === 'hidden') {
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
    if (places.length === 0 && unknown.list().length === 0) steps.push({ source, text: `The VMM maps PFN ${toHex(frame)} at no HVA of a memslot.` });
    return { steps, places };
}
