import type { VmList, VmSummary } from '../../../common/model';
import { renderTable } from './table';
import { notKnown, numberText, sizeText, unknownText } from './values';

const columns = [
    { title: 'VM' },
    { title: 'NAME' },
    { title: 'COMMAND' },
    { title: 'TYPE' },
    { title: 'VCPUS', right: true },
    { title: 'MEMORY', right: true },
    { title: 'TRACED BY', right: true },
    { title: 'KEPT BY' },
    { title: 'ALSO HELD BY' },
];

/** What keeps a VM alive whose own fds were all closed. */
const keeperNames = { vcpu: 'vCPU', guest_memfd: 'guest_memfd', mapping: 'mapping' } as const;

const row = (vm: VmSummary): string[] => [
    vm.id,
    vm.name ?? '',
    vm.command,
    vm.type ?? notKnown,
    numberText(vm.vcpus),
    sizeText(vm.memory),
    vm.tracedBy === null ? '' : String(vm.tracedBy),
    vm.heldBy === 'vm' ? '' : `its ${keeperNames[vm.heldBy]}`,
    vm.holders.map(({ pid, fd }) => `${pid}:${fd}`).join(' '),
];

export const renderVm = (vm: VmSummary): string => renderTable(columns, [row(vm)]);

export function renderVms({ vms, unknown }: VmList): string {
    const table = vms.length === 0 ? 'No running KVM virtual machine was found.\n' : renderTable(columns, vms.map(row));
    return table + unknownText(unknown);
}
