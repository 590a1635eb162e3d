/** Seccomp filters of the VMM that keep everybody but itself from converting its memory: as far as that is known without stopping it. */
import { readdirSync, readFileSync } from 'node:fs';
import { findInjectionRefusal } from '../change/preparedChange';
import { look } from '../discovery/processes';
import { hasVmScope } from '../pages/attributeScope';
import { ofMemory } from './detector';
import { byOthers, makeFinding } from './makeFinding';

export const findSeccompForbidsConversion = ofMemory(({ vm }, { unknown }) => {
    // Only the VM's own attributes are set by a call inside the VMM.
    if (!hasVmScope(vm) || vm.summary.heldBy !== 'vm' || !vm.record.ownedByProcess) return [];
    const { pid } = vm.process;
    const refusal = findInjectionRefusal(vm, 'Converting memory');
    if (refusal?.reason === 'seccomp') {
        return [
            makeFinding({
                kind: 'seccomp-forbids-conversion',
                severity: 'information',
                title: 'Seccomp keeps guestmem from converting memory of this VM',
                explanation: `KVM takes a conversion only from inside the VMM, and ${refusal.detail}.`,
                action: byOthers('Let a filter of the VMM permit ioctl with KVM_SET_MEMORY_ATTRIBUTES on one of its threads, or start it without its sandbox.'),
                source: `/proc/${pid}/task/*/status`,
            }),
        ];
    }
    if (isFilteredThroughout(pid)) {
        unknown.add('seccomp', 'all threads of the VMM are under seccomp filters; whether one permits a conversion can be read only while its thread is stopped, as a conversion does');
    }
    return [];
});

/** Every thread is under a filter or in strict mode; false where that cannot be read. */
function isFilteredThroughout(pid: number): boolean {
    const tids = look(() => readdirSync(`/proc/${pid}/task`));
    if (tids.kind !== 'found') return false;
    const states = tids.value.flatMap((tid) => {
        const status = look(() => readFileSync(`/proc/${pid}/task/${tid}/status`, 'latin1'));
        return status.kind === 'found' ? [/^Seccomp:\s*([0-9])$/m.exec(status.value)?.[1] ?? '0'] : [];
    });
    return states.length > 0 && states.every((state) => state !== '0');
}
