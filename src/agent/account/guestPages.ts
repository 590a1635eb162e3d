/** The physical pages behind the runs of a page map: on the HVA side, and in guest_memfds. */
import type { PageRuns } from '../../common/pageRuns';
import { gmemStateOf, guestCopyOf, hvaStateOf, isHvaMapped, isPrivate, isSamePage, type PageDetail, type PageState } from '../../common/pageState';
import type { PagePart } from '../../common/memoryAccount';
import type { SlotRow } from '../details/memslots';
import { findMapping, type Mapping } from '../discovery/processMaps';
import type { PrivateFiles } from './privateFiles';
import { anonymousStore, guestMemfdStore, mappedMark, partMark, storeOf, type PhysicalMemory } from './physicalMemory';

/** What a page is there for, on each side; null where that side has no page. */
export interface SidesOfPage {
    readonly hva: PagePart | null;
    readonly guestMemfd: PagePart | null;
}

export function partsOf(state: PageState, detail: PageDetail): SidesOfPage {
    const gmem = gmemStateOf(state);
    const inGuestMemfd = gmem === 'allocated' || gmem === 'prepared';
    const onHvaSide = hvaStateOf(state) === 'present';
    const copy = guestCopyOf(detail);
    const used: PagePart = isPrivate(state) ? 'private-allocated' : 'shared-resident';
    // An HVA that maps the guest_memfd's own page is that page: whichever side the guest takes it from.
    const same = isSamePage(state);
    const notUsed: PagePart = inGuestMemfd && onHvaSide && !same ? 'double' : 'unused-side';
    const usesGuestMemfd = copy === 'guest_memfd' || (same && copy !== 'none');
    const usesHva = copy === 'hva' || (same && copy !== 'none');
    return {
        hva: onHvaSide ? (usesHva ? used : notUsed) : null,
        guestMemfd: inGuestMemfd ? (usesGuestMemfd ? used : notUsed) : null,
    };
}

export class GuestPages {
    constructor(
        /** Null where the HVA side cannot be looked at; the map then tells none either. */
        private readonly mappings: readonly Mapping[] | null,
        private readonly physical: PhysicalMemory,
        private readonly privateFiles: PrivateFiles,
    ) {}

    /** The runs of one address space, whose memslots these are. */
    add(runs: PageRuns, slots: ReadonlyMap<number, SlotRow>): void {
        for (let i = 0; i < runs.count; i++) {
            const slot = slots.get(runs.memslots[i] ?? -1);
            if (slot === undefined) continue;
            const state = runs.states[i] ?? 0;
            const { hva, guestMemfd } = partsOf(state, runs.details[i] ?? 0);
            const offset = (runs.gfns[i] ?? 0) - slot.gfn;
            const pages = runs.pages[i] ?? 0;
            if (guestMemfd !== null && slot.gmemInode !== null) {
                const first = slot.gmemPage + offset;
                this.physical.add(guestMemfdStore(slot.gmemInode), first, first + pages, partMark(guestMemfd));
            }
            if (hva !== null) this.addHvaSide(slot.hvaPage + offset, pages, partMark(hva), isHvaMapped(state));
        }
    }

    /** A run may reach over several mappings. */
    private addHvaSide(page: number, pages: number, mark: number, isMapped: boolean): void {
        const end = page + pages;
        if (isMapped) this.physical.addPageTableEntries(page, end);
        const marks = mark | (isMapped ? mappedMark : 0);
        const mappings = this.mappings ?? [];
        for (let i = findMapping(mappings, page); i < mappings.length; i++) {
            const mapping = mappings[i];
            if (mapping === undefined || mapping.start >= end) return;
            const from = Math.max(page, mapping.start);
            const until = Math.min(end, mapping.end);
            if (mapping.inode === 0) {
                this.physical.add(anonymousStore, from, until, marks);
            } else if (mapping.shared) {
                const { store, shift } = storeOf(mapping);
                this.physical.add(store, from + shift, until + shift, marks);
            } else {
                this.privateFiles.add(mapping, from, until, marks);
            }
        }
    }
}
