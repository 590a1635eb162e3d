/** Pages that were converted to shared or ballooned away, while the guest_memfd goes on holding them. */
import { gmemStateOf, guestCopyOf, isDoubleBacked, isSamePage } from '../../common/pageState';
import { ofMemory } from './detector';
import { commandLine, makeFinding, sizeOf } from './makeFinding';
import { selectPages } from './selectedPages';

export const findHeldInGuestMemfd = ofMemory(async ({ vm, map }, { pace }) => {
    const held = await selectPages(
        map.runs,
        (state, detail) => {
            const gmem = gmemStateOf(state);
            return (gmem === 'allocated' || gmem === 'prepared') && guestCopyOf(detail) === 'hva' && !isDoubleBacked(state) && !isSamePage(state);
        },
        pace,
    );
    return [...held].map(([memslot, pages]) => {
        const ranges = pages.ranges();
        return makeFinding({
            kind: 'held-in-guest-memfd',
            severity: 'warning',
            title: `${sizeOf(pages.bytes)} shared, still held in the guest_memfd, slot ${memslot}`,
            explanation: `These pages are shared, so the guest uses them at the HVA, where no page exists yet; the guest_memfd keeps a page for each. They were converted to shared, or allocated ahead, and not punched.`,
            action: {
                text: 'Give the pages of the guest_memfd back (the VMM: fallocate with FALLOC_FL_PUNCH_HOLE). What they hold is lost.',
                does: 'punch',
                command: commandLine('punch', vm.id, ranges[0]),
            },
            ranges,
            bytes: pages.bytes,
            memslot,
            source: 'page states',
        });
    });
});
