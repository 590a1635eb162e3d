/** Which copy of a page KVM maps for the guest. */
import { encodePageDetail } from '../../common/pageState';
import type { SlotRow } from '../details/memslots';

const usesHva = encodePageDetail({ guestUses: 'hva' });
const usesGuestMemfd = encodePageDetail({ guestUses: 'guest_memfd' });
const usesNone = encodePageDetail({ guestUses: 'none' });

/**
 * KVM takes private pages from the guest_memfd, shared ones from the HVA unless the slot has its guest_memfd alone. With
 * the last file descriptor KVM takes the guest_memfd from the slot, but leaves the flag.
 */
export function copiesOf({ gmemInode, gmemOnly }: Pick<SlotRow, 'gmemInode' | 'gmemOnly'>) {
    const guestMemfd = gmemInode === null ? usesNone : usesGuestMemfd;
    return { private: guestMemfd, shared: gmemOnly ? guestMemfd : usesHva };
}
