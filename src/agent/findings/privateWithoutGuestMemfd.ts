/** Private pages for which the guest has no memory: its next access ends KVM_RUN. */
import { guestCopyOf, isPrivate } from '../../common/pageState';
import { ofMemory } from './detector';
import { commandLine, makeFinding, sizeOf } from './makeFinding';
import { selectPages } from './selectedPages';

export const findPrivateWithoutGuestMemfd = ofMemory(async ({ vm, map, slots }, { pace }) => {
    const without = await selectPages(map.runs, (state, detail) => isPrivate(state) && guestCopyOf(detail) === 'none', pace);
    return [...without].map(([memslot, pages]) => {
        const ranges = pages.ranges();
        const slot = slots.find(({ addressSpace, id }) => addressSpace === 0 && id === memslot);
        const why = slot?.hasGuestMemfd === true ? 'the last file descriptor of its guest_memfd was closed' : 'it has no guest_memfd';
        return makeFinding({
            kind: 'private-without-guest-memfd',
            severity: 'error',
            title: `${sizeOf(pages.bytes)} private without guest_memfd, slot ${memslot}`,
            explanation: `The slot's pages are private, but ${why}, so that no page can back them: the guest's next access there ends KVM_RUN with KVM_EXIT_MEMORY_FAULT.`,
            action: {
                text: 'Convert them to shared, or have the VMM make the slot anew with a guest_memfd (KVM_SET_USER_MEMORY_REGION2).',
                does: 'convert-to-shared',
                command: commandLine('convert', vm.id, ranges[0], 'shared'),
            },
            ranges,
            bytes: pages.bytes,
            memslot,
            source: 'page states',
        });
    });
});
