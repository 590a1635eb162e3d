/** Patterns in the events of a VM that is open: what is known of it is read when its recording has begun. */
import type { MissingEvents } from '../../../common/memoryEvents';
import { slotRows } from '../../details/memslots';
import type { OpenVm } from '../../discovery/vmDirectory';
import { hasPrivateMemory } from '../../discovery/vmSummary';
import { heldGuestMemfds } from '../../guestMemfd/guestMemfds';
import { native } from '../../native';
import { isNativeError } from '../../nativeErrors';
import { hasVmScope } from '../../pages/attributeScope';
import { EventPatterns } from './eventPatterns';

/** They keep a handle of the VMM's process until they end: a recording outlives the request that began it. */
export function patternsOf(vm: OpenVm, missing: readonly MissingEvents[]): EventPatterns {
    const record = vm.process.readVm(vm.fd) ?? vm.record;
    const process = new (native().VmmProcess)(vm.process.pid);
    const ofVm = () => process.kvmFiles().filter((file) => file.vm === vm.identity);
    const start = {
        id: vm.id,
        slots: slotRows(record.memslots),
        addressSpaces: record.addressSpaces,
        hasVmScope: hasVmScope({ record, convertsInPlace: vm.convertsInPlace }),
        hasPrivateMemory: hasPrivateMemory(record),
        vcpus: ofVm().flatMap(({ kind, vcpu, tid }) => (kind === 'vcpu' && tid !== null ? [{ thread: tid, vcpu }] : [])),
        tellsChanges: !missing.some(({ kinds }) => kinds.includes('attributes-changed')),
        sizeOfGuestMemfd: (inode: number) => unlessGone(() => heldGuestMemfds(process, ofVm(), [], vm.identity).get(inode)?.record.size ?? null),
    };
    return new EventPatterns(start, () => process.close());
}

/** Events are still looked at when their VMM has exited. */
function unlessGone<Found>(look: () => Found): Found | null {
    try {
        return look();
    } catch (thrown) {
        if (isNativeError(thrown)) return null;
        throw thrown;
    }
}
