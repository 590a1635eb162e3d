/** Memory that lies on both sides of a memslot: a finding for each copy that the guest does not use, since another call frees it. */
import { guestCopyOf, isDoubleBacked } from '../../common/pageState';
import { ofMemory } from './detector';
import { byOthers, commandLine, makeFinding, sizeOf } from './makeFinding';
import { selectPages } from './selectedPages';

export const findDoubleBacked = ofMemory(async ({ vm, map, slots }, { details, pace }) => {
    const unusedIn = (copy: 'hva' | 'guest_memfd') =>
        selectPages(map.runs, (state, detail) => isDoubleBacked(state) && (guestCopyOf(detail) === 'hva') === (copy === 'guest_memfd'), pace);
    const inGuestMemfd = await unusedIn('guest_memfd');
    const atHva = await unusedIn('hva');
    const backings = new Map(details.addressSpaces[0]?.memslots.map(({ id, backing }) => [id, backing?.kind ?? null]));
    const common = { kind: 'double-backed', severity: 'warning', source: 'page states' } as const;
    const inodeOf = (memslot: number) => slots.find(({ addressSpace, id }) => addressSpace === 0 && id === memslot)?.gmemInode ?? null;
    return [
        ...[...inGuestMemfd].map(([memslot, pages]) => {
            const inode = inodeOf(memslot);
            const ranges = pages.ranges();
            return makeFinding({
                ...common,
                title: `${sizeOf(pages.bytes)} double-backed, guest_memfd copy unused, slot ${memslot}`,
                explanation: `The guest uses these pages at the HVA, as shared memory, and the guest_memfd still holds a second page for each. A conversion to shared frees nothing: who converts must punch the guest_memfd, too.`,
                action: {
                    text: 'Give the pages of the guest_memfd back (the VMM: fallocate with FALLOC_FL_PUNCH_HOLE). What they hold is lost.',
                    does: 'punch',
                    command: commandLine('punch', vm.id, ranges[0]),
                },
                ranges,
                bytes: pages.bytes,
                memslot,
                guestMemfd: inode === null ? null : { inode, ranges: [] },
            });
        }),
        ...[...atHva].map(([memslot, pages]) =>
            makeFinding({
                ...common,
                title: `${sizeOf(pages.bytes)} double-backed, HVA copy unused, slot ${memslot}`,
                explanation: `The guest uses these pages in the guest_memfd, and the VMM still holds a second page for each at the HVA: from when they were shared, or since something wrote there.`,
                action: byOthers(`Let the VMM discard them after a conversion to private: ${discardCall(backings.get(memslot) ?? null)}.`),
                ranges: pages.ranges(),
                bytes: pages.bytes,
                memslot,
            }),
        ),
    ];
});

/** What frees pages at an HVA, by what is mapped there. */
function discardCall(kind: string | null): string {
    if (kind === 'anonymous') return 'madvise with MADV_DONTNEED at the HVA';
    if (kind === 'memfd' || kind === 'shmem' || kind === 'hugetlb') return 'fallocate with FALLOC_FL_PUNCH_HOLE on the file behind the HVA, or madvise with MADV_REMOVE';
    return 'madvise with MADV_DONTNEED, or where a file is mapped shared, FALLOC_FL_PUNCH_HOLE on it';
}
