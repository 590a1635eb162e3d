import { scopeText } from '../../../common/factWords';
import type { AddressSpace, Memslot, Vcpu, VcpuExit, VmDetails } from '../../../common/model';
import { renderGuestMemfds } from './guestMemfds';
import { renderTable } from './table';
import { notKnown, numberText, sizeText, unknownText } from './values';
import { renderVm } from './vms';

export function renderDetails(details: VmDetails): string {
    const { capabilities, guestMemfds, vcpus } = details;
    const gmems = guestMemfds.length === 0 ? '' : renderGuestMemfds(details);
    if (details.vm.heldBy === 'mapping') return [renderVm(details.vm), gmems, unknownText(details.unknown)].filter(Boolean).join('\n');
    const attributes = capabilities.attributes.length > 0 ? 'private and shared' : 'shared only';
    const sections = [
        renderVm(details.vm) + `Memory attributes: ${attributes}; decided by: ${capabilities.attributeScope === 'guest_memfd' ? 'the guest_memfd of each slot' : scopeText(capabilities.attributeScope)}\n`,
        ...details.addressSpaces.map((space) => memslotTable(space, details.addressSpaces.length > 1)),
        gmems,
        'vCPUs\n' + (vcpus.length === 0 ? 'none\n' : vcpuTable(vcpus)),
        unknownText(details.unknown),
    ];
    return sections.filter((section) => section !== '').join('\n');
}

function memslotTable({ id, memslots }: AddressSpace, several: boolean): string {
    const title = several ? `Memslots of address space ${id}\n` : 'Memslots\n';
    if (memslots.length === 0) return `${title}none\n`;
    const columns = [
        { title: 'ID', right: true },
        { title: 'GPA', right: true },
        { title: 'SIZE', right: true },
        { title: 'HVA', right: true },
        { title: 'BACKING' },
        { title: 'GUEST_MEMFD' },
        { title: 'FLAGS' },
    ];
    return title + renderTable(columns, memslots.map(memslotRow));
}

function memslotRow(slot: Memslot): string[] {
    const { guestMemfd, backing } = slot;
    const flags = [...slot.flags, ...(slot.gmemOnly ? ['gmem-only'] : []), ...(slot.internal ? ['internal'] : [])];
    return [
        String(slot.id),
        slot.gpa,
        sizeText(slot.size),
        slot.hva,
        backing === null ? notKnown : backing.path === null ? backing.kind : `${backing.kind} ${backing.path}`,
        guestMemfd === null ? (slot.flags.includes('guest-memfd') ? notKnown : '') : `${guestMemfd.fd < 0 ? `inode ${guestMemfd.inode}` : `fd ${guestMemfd.fd}`} +${guestMemfd.offset}`,
        flags.join(' '),
    ];
}

function vcpuTable(vcpus: readonly Vcpu[]): string {
    const columns = [
        { title: 'ID', right: true },
        { title: 'FD', right: true },
        { title: 'THREAD', right: true },
        { title: 'RIP', right: true },
        { title: 'CR3', right: true },
        { title: 'LAST EXIT' },
    ];
    const rows = vcpus.map(({ id, fd, tid, rip, cr3, exit }) => [
        String(id),
        numberText(fd),
        tid === null ? 'never ran' : String(tid),
        rip ?? notKnown,
        cr3 ?? notKnown,
        exit === null ? '' : exitText(exit),
    ]);
    return renderTable(columns, rows);
}

function exitText({ reason, memoryFault }: VcpuExit): string {
    return memoryFault === null ? reason : `${reason} at ${memoryFault.gpa} (${memoryFault.access} access)`;
}
