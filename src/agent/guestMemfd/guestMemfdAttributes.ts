/** The attributes that the kernel keeps for each guest_memfd: all of them, or those of the pages behind a memslot. */
import { toHex } from '../../common/address';
import type { GuestMemfd } from '../../common/model';
import { walkGuestMemfdAttributes, type AttributeWalk } from '../pages/attributeWalk';
import { attributeRuns } from '../pages/attributeRuns';
import type { HeldGuestMemfd } from './guestMemfds';
import type { SlotRow } from '../details/memslots';
import { unlessRefused } from '../nativeErrors';
import type { Pace } from '../pace';
import type { UnknownFields } from '../unknownFields';
import type { OpenVm } from '../discovery/vmDirectory';

type NamedVm = Pick<OpenVm, 'id'>;

const bytes = (pages: number) => toHex(BigInt(pages) * 4096n);

/** Null where the kernel keeps none for it, and, with the reason in `unknown`, where they cannot be read. */
export async function readGuestMemfdAttributes(
    vm: NamedVm,
    held: HeldGuestMemfd,
    unknown: UnknownFields,
    pace: Pace,
): Promise<GuestMemfd['attributes']> {
    const { hasAttributeStore, inode, size } = held.record;
    if (!hasAttributeStore) return null;
    const end = Number(size >> 12n);
    const walk = await unlessRefused(() => walkGuestMemfdAttributes(vm.id, held, 0, end, pace));
    if (typeof walk === 'string') {
        unknown.add('guestMemfds.attributes', `guest_memfd ${inode}: ${walk}`);
        return null;
    }
    if (!walk.consistent) unknown.add('guestMemfds.attributes', `guest_memfd ${inode}: its attributes kept changing while they were read`);
    return attributeRuns({ gfn: 0, end }, walk.layer).map((run) => ({
        offset: bytes(run.gfn),
        size: bytes(run.end - run.gfn),
        attribute: run.attribute,
    }));
}

/** As a layer over gfns [gfn, end) of the slot; the reason where they cannot be read. */
export function readSlotAttributes(
    vm: NamedVm,
    slot: SlotRow,
    held: HeldGuestMemfd,
    gfn: number,
    end: number,
    pace: Pace,
): Promise<AttributeWalk | string> {
    const shift = slot.gfn - slot.gmemPage;
    return unlessRefused(async () => {
        const { layer, consistent } = await walkGuestMemfdAttributes(vm.id, held, gfn - shift, end - shift, pace);
        return { layer: { ...layer, shift }, consistent };
    });
}
