/** Memory that KVM maps for the guest by pages of 4 KiB where nothing is against 2 MiB: what was against it has gone, the mapping stays. */
import type { PageSizeName } from '../../common/model';
import { guestLevelOf, isFreeToBeLarger } from '../../common/pageState';
import { ofMemory } from './detector';
import { byOthers, makeFinding, sizeOf } from './makeFinding';
import { selectPages } from './selectedPages';

export const findSmallGuestPages = ofMemory(async ({ map }, { pace }) => {
    const { runs } = map;
    const small = await selectPages(runs, (state, detail) => guestLevelOf(state) === '4K' && isFreeToBeLarger(detail), pace);
    if (small.size === 0) return [];
    const mappedBy = async (level: PageSizeName) => selectPages(runs, (state) => guestLevelOf(state) === level, pace);
    const [by4K, by2M, by1G] = [await mappedBy('4K'), await mappedBy('2M'), await mappedBy('1G')];
    return [...small].map(([memslot, pages]) => {
        const [in4K, in2M, in1G] = [by4K, by2M, by1G].map((mapped) => sizeOf(mapped.get(memslot)?.bytes ?? 0));
        return makeFinding({
            kind: 'small-guest-pages',
            severity: 'information',
            title: `${sizeOf(pages.bytes)} mapped by 4 KiB where 2 MiB would do, slot ${memslot}`,
            explanation: `The guest has ${in4K} of this slot by pages of 4 KiB, ${in2M} by 2 MiB and ${in1G} by 1 GiB. For ${sizeOf(pages.bytes)} nothing is against larger ones any more, but KVM keeps what it has mapped.`,
            action: byOthers('Let the VMM take its mapping away for a moment (mprotect of these pages at the HVA to PROT_READ and back): KVM then maps anew what the guest uses next.'),
            ranges: pages.ranges(),
            bytes: pages.bytes,
            memslot,
            source: "KVM's page tables for the guest",
        });
    });
});
