/** A VM that outlives its last VM file descriptor, and what keeps it. */
import type { VmSummary } from '../../common/model';
import type { Detector } from './detector';
import { byOthers, makeFinding } from './makeFinding';

export const findVmWithoutDescriptor: Detector = ({ details: { vm } }) => {
    if (vm.heldBy === 'vm') return [];
    const held = keptBy(vm);
    const others = vm.holders.map(({ pid, fd }) => `fd ${fd} of process ${pid}`);
    return [
        makeFinding({
            kind: 'vm-without-descriptor',
            severity: vm.heldBy === 'vcpu' ? 'information' : 'error',
            title: `The VM lives on without a VM file descriptor, by ${held}`,
            explanation:
                vm.heldBy === 'vcpu'
                    ? 'Every file of a VM keeps all of it. Its vCPUs can still run, but nobody can change its memory any more.'
                    : 'Every file of a VM, and every mapping of one, keeps all of it. Nothing is left that could run this one: its memory is taken for nothing.',
            action: byOthers(`It ends when these are gone: ${[`${held} of process ${vm.pid}`, ...others].join(', ')}.`),
            source: 'KVM files and mappings of all processes',
        }),
    ];
};

function keptBy({ heldBy, fd }: VmSummary): string {
    if (heldBy === 'mapping') return 'a mapping';
    return `the ${heldBy === 'vcpu' ? 'vCPU' : 'guest_memfd'} fd ${fd}`;
}
