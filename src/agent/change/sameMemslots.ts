/** A last look right before a change that names its memory otherwise than by guest addresses. */
import { errors, GuestmemError } from '../../common/errors';
import { sameSlots, slotRows, type SlotRow } from '../details/memslots';
import type { OpenVm } from '../discovery/vmDirectory';

/** Where a memslot was moved or removed since the VM was opened, its HVA or its guest_memfd may by now be other memory. */
export function requireSameMemslots(vm: OpenVm, used: readonly SlotRow[], tried: string): void {
    const now = vm.process.readVm(vm.fd);
    if (now?.vm !== vm.identity) throw errors.vmGone(vm.id);
    const slots = slotRows(now.memslots);
    if (now.consistent && used.every((slot) => slots.some((row) => sameSlots([slot], [row])))) return;
    throw new GuestmemError('outside-memslots', `${tried} was not begun: the VMM changed the memslots there meanwhile. Look at the map again, and try again.`);
}
