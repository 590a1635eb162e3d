/** Which store a VM's attributes are set in; refused where it has none. */
import { errors } from '../../common/errors';
import type { OpenVm } from '../discovery/vmDirectory';
import { hasPrivateMemory } from '../discovery/vmSummary';
import { hasVmScope } from '../pages/attributeScope';
import type { AttributeKeeper } from './attributeKeeper';
import { GuestMemfdAttributeKeeper } from './guestMemfdAttributeKeeper';
import { requireOwner } from './preparedChange';
import { VmAttributeKeeper } from './vmAttributeKeeper';

export function keeperOf(vm: OpenVm): AttributeKeeper {
    const tried = `Converting memory of the VM ${vm.id}`;
    if (!vm.convertsInPlace) requireOwner(vm, tried);
    if (!hasPrivateMemory(vm.record)) {
        throw errors.unsupported(
            tried,
            `it is of type ${vm.summary.type ?? 'unknown'}, which has no private memory; VMs of type sw-protected, snp and tdx have`,
            { type: vm.summary.type },
        );
    }
    if (vm.convertsInPlace) return new GuestMemfdAttributeKeeper(vm, tried);
    if (!hasVmScope(vm)) {
        throw errors.unsupported(tried, 'this kernel keeps no memory attributes for a VM (CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES)');
    }
    return new VmAttributeKeeper(vm);
}
