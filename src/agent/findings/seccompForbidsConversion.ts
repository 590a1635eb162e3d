/**
 * Seccomp filters of the VMM that keep guestmem from converting its memory. A filter can be read only while its thread is
 * stopped, as a conversion does: so it is known from the last one that was tried, and else not.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { toGuestmemError } from '../../common/errors';
import { lastConversion } from '../change/changeLog';
import { look } from '../discovery/processes';
import type { OpenVm } from '../discovery/vmDirectory';
import { hasVmScope } from '../pages/attributeScope';
import { ofMemory } from './detector';
import { byOthers, makeFinding } from './makeFinding';

export const findSeccompForbidsConversion = ofMemory(({ vm }, { unknown }) => {
    // Only the VM's own attributes are set by a call inside the VMM.
    if (!hasVmScope(vm) || !isFilteredThroughout(vm.process.pid)) return [];
    const last = lastTried(vm);
    const suspended = typeof last === 'object' && last.seccompSuspensions !== undefined;
    if (typeof last !== 'object' || (last.code !== 'seccomp' && !suspended)) {
        const reason = typeof last === 'string' ? last : 'whether one permits a conversion can be read only while its thread is stopped, as a conversion does';
        if (typeof last !== 'object' || last.result !== 'done') unknown.add('seccomp', `all threads of the VMM are under seccomp filters; ${reason}`);
        return [];
    }
    return [
        makeFinding({
            kind: 'seccomp-forbids-conversion',
            severity: 'information',
            title: 'Seccomp keeps guestmem from converting memory of this VM',
            explanation: `KVM takes a conversion only from inside the VMM, all of whose threads are under seccomp filters. At ${last.time} a conversion of ${last.range} was ${suspended ? 'made with a filter suspended' : 'refused for that'}.`,
            action: byOthers('Let a filter of the VMM permit ioctl with KVM_SET_MEMORY_ATTRIBUTES on one of its threads, start it without its sandbox, or have the filters suspended for a conversion (--suspend-seccomp), at a risk that the preview tells.'),
            source: 'record of changes',
        }),
    ];
});

/** A string: why the record cannot be read. */
function lastTried(vm: OpenVm) {
    try {
        return lastConversion(vm);
    } catch (thrown) {
        return toGuestmemError(thrown).message;
    }
}

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
