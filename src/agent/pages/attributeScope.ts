/**
 * Who decides whether a page is private: the VM's own attribute store, the guest_memfd of the memslot, or nobody. Since
 * KVM can convert in place, that is settled for all VMs when KVM is loaded.
 */
import type { VmRecord } from '../../../native/index';
import type { AttributeScope, Capabilities } from '../../common/model';
import type { SlotRow } from '../details/memslots';
import type { OpenVm } from '../discovery/vmDirectory';
import { hasPrivateMemory } from '../discovery/vmSummary';

/** What of a VM settles it. */
export type ScopedVm = Pick<OpenVm, 'convertsInPlace'> & { readonly record: Pick<VmRecord, 'hasPrivateMemory' | 'type' | 'hasAttributeStore'> };

/** The VM's own store decides, also where no memslot is. */
export const hasVmScope = ({ record, convertsInPlace }: ScopedVm): boolean =>
    hasPrivateMemory(record) && record.hasAttributeStore && !convertsInPlace;

export function scopeOfSlot(vm: ScopedVm, slot: Pick<SlotRow, 'gmemOnly' | 'hasGuestMemfd'>): AttributeScope {
    if (hasVmScope(vm)) return 'vm';
    return slot.gmemOnly || (vm.convertsInPlace && slot.hasGuestMemfd) ? 'guest_memfd' : 'none';
}

export function capabilitiesOf(vm: ScopedVm, slots: readonly Pick<SlotRow, 'gmemOnly' | 'hasGuestMemfd'>[]): Capabilities {
    const hasPrivate = hasPrivateMemory(vm.record);
    const gmemDecides = (hasPrivate && vm.convertsInPlace) || slots.some((slot) => scopeOfSlot(vm, slot) === 'guest_memfd');
    return {
        attributes: hasPrivate ? ['private'] : [],
        attributeScope: hasVmScope(vm) ? 'vm' : gmemDecides ? 'guest_memfd' : 'none',
    };
}
