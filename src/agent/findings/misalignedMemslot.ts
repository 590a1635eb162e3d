/** Memslots whose place keeps KVM from mapping large pages for the guest, in the whole slot. */
import { toHex } from '../../common/address';
import { hugetlbPageSize } from '../details/backing';
import type { SlotRow } from '../details/memslots';
import { findMapping } from '../discovery/processMaps';
import { ofMemory } from './detector';
import { byOthers, makeFinding, sizeOf } from './makeFinding';
import type { MemoryState } from './vmState';

const largePages = [
    { pages: 2 ** 9, name: '2 MiB' },
    { pages: 2 ** 18, name: '1 GiB' },
] as const;

export const findMisalignedMemslot = ofMemory((memory) =>
    memory.slots.flatMap((slot) => {
        if (slot.addressSpace !== 0 || slot.internal) return [];
        // Where nothing gives the guest pages of 1 GiB, nothing is lost by how the slot lies within them.
        const sizes = isOfGigabytes(slot, memory) ? largePages : largePages.slice(0, 1);
        const apart = sizes.map((size) => ({ ...size, bytes: wholePages(slot, size.pages) * 4096, sides: sidesApart(slot, size.pages) }));
        const lost = apart.find(({ bytes, sides }) => bytes > 0 && sides.length > 0);
        if (lost === undefined) return [];
        const { pages, name, bytes, sides } = lost;
        const place = (page: number) => toHex((page % pages) * 4096);
        return [
            makeFinding({
                kind: 'misaligned-memslot',
                severity: 'warning',
                title: `Slot ${slot.id} misaligned for ${name} pages, by its ${sides.map(({ side }) => side).join(' and ')}`,
                explanation: `Within ${name} the GPA is at ${place(slot.gfn)}, ${sides.map(({ side, page }) => `the ${side} at ${place(page)}`).join(', ')}: KVM maps ${sizeOf(bytes)} of the slot by smaller pages, however large the pages behind it are.`,
                action: byOthers(`Have the VMM choose the ${sides.map(({ side }) => side).join(' and ')} of the slot so that within ${name} it is at ${place(slot.gfn)}, too.`),
                ranges: [{ gpa: toHex(slot.gfn * 4096), size: toHex((slot.end - slot.gfn) * 4096) }],
                bytes,
                memslot: slot.id,
                source: 'memslots',
            }),
        ];
    }),
);

/** KVM looks at the HVA also where the guest uses the guest_memfd. */
function sidesApart({ gfn, hvaPage, gmemPage, hasGuestMemfd }: SlotRow, pages: number) {
    const sides = [{ side: 'HVA', page: hvaPage }, ...(hasGuestMemfd ? [{ side: 'guest_memfd offset', page: gmemPage }] : [])];
    return sides.filter(({ page }) => (gfn - page) % pages !== 0);
}

/** Pages of the slot in large pages that do not reach over its edge. */
const wholePages = ({ gfn, end }: SlotRow, pages: number): number => Math.max(0, Math.floor(end / pages) - Math.ceil(gfn / pages)) * pages;

function isOfGigabytes({ hvaPage }: SlotRow, { mappings, filesystems }: MemoryState): boolean {
    const mapping = mappings?.[findMapping(mappings, hvaPage)];
    return mapping !== undefined && mapping.start <= hvaPage && hugetlbPageSize(mapping, filesystems) === '1G';
}
