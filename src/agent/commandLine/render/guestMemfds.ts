import { toHex } from '../../../common/address';
import { leakReasonText } from '../../../common/factWords';
import type { FileRange, GuestMemfd, VmDetails, VmSummary } from '../../../common/model';
import { renderTable } from './table';
import { notKnown, sizeText } from './values';

/** The guest_memfds of a VM, what is wrong with one, and where processes have them mapped and which attributes they have. */
export function renderGuestMemfds({ vm, guestMemfds }: VmDetails): string {
    const leaked = guestMemfds.filter((gmem) => gmem.leaked).map((gmem) => leakText(gmem, vm));
    const rows = guestMemfds.map((gmem) => row(gmem, vm));
    const tables = [mappingTable(guestMemfds), attributeTable(guestMemfds)];
    return 'guest_memfds\n' + renderTable(columns, rows) + leaked.join('') + tables.join('');
}

const columns = [
    { title: 'INODE', right: true },
    { title: 'FDS' },
    { title: 'SIZE', right: true },
    { title: 'ALLOCATED', right: true },
    { title: 'PREPARED', right: true },
    { title: 'FOLIOS' },
    { title: 'NODES' },
    { title: 'DIRECT MAP' },
    { title: 'FLAGS' },
    { title: 'BOUND BY' },
    { title: 'UNBOUND' },
    { title: 'HELD BY' },
];

/** Through a mapping it cannot be read what is bound. */
const isMapped = (vm: VmSummary): boolean => vm.heldBy === 'mapping';

const row = (gmem: GuestMemfd, vm: VmSummary): string[] => [
    String(gmem.inode),
    gmem.fds.join(' '),
    sizeText(gmem.size),
    sizeText(gmem.allocated),
    sizeText(gmem.prepared),
    gmem.folios === null ? notKnown : gmem.folios.map(({ pageSize, size }) => `${sizeText(size)} in ${sizeText(pageSize)}`).join(', '),
    gmem.nodes === null ? notKnown : [...new Set(gmem.nodes.map(({ node }) => node))].sort((a, b) => a - b).join(' '),
    gmem.directMap ?? notKnown,
    isMapped(vm) ? notKnown : gmem.flags.join(' '),
    isMapped(vm) ? notKnown : listed(gmem.bindings.map((binding) => `slot ${binding.memslot} ${rangeText(binding)}`)) || 'nothing',
    isMapped(vm) ? notKnown : listed(gmem.unbound.map(rangeText)),
    listed(gmem.holders.map(({ pid, fd }) => `${pid}:${fd}`)),
];

const rangeText = ({ offset, size }: FileRange): string => `${offset}+${size}`;

/** A few of them; --json has all. */
function listed(texts: readonly string[]): string {
    const most = 4;
    return texts.length <= most ? texts.join(', ') : `${texts.slice(0, most).join(', ')}, … (${texts.length} in all)`;
}

const leakText = (gmem: GuestMemfd, { heldBy }: VmSummary): string =>
    `guest_memfd ${gmem.inode} is leaked: it takes ${sizeText(gmem.allocated)}, and ${leakReasonText(gmem, heldBy)}.\n`;

function mappingTable(guestMemfds: readonly GuestMemfd[]): string {
    const rows = guestMemfds.flatMap(({ inode, hostMappings }) =>
        (hostMappings ?? []).map(({ pid, hva, size, offset, rights }) => [String(inode), String(pid), hva, sizeText(size), offset, rights]),
    );
    if (rows.length === 0) return '';
    const titles = [
        { title: 'INODE', right: true },
        { title: 'PID', right: true },
        { title: 'HVA', right: true },
        { title: 'SIZE', right: true },
        { title: 'OFFSET', right: true },
        { title: 'RIGHTS' },
    ];
    return '\nMappings of guest_memfds\n' + renderTable(titles, rows);
}

/** Nothing where the kernel keeps no attributes for guest_memfds. */
function attributeTable(guestMemfds: readonly GuestMemfd[]): string {
    const rows = guestMemfds.flatMap(({ inode, attributes }) => {
        if (attributes === null) return [];
        const isPrivate = attributes.filter(({ attribute }) => attribute === 'private');
        const bytes = isPrivate.reduce((sum, { size }) => sum + BigInt(size), 0n);
        return [[String(inode), sizeText(toHex(bytes)), listed(isPrivate.map(rangeText))]];
    });
    if (rows.length === 0) return '';
    const titles = [{ title: 'INODE', right: true }, { title: 'PRIVATE', right: true }, { title: 'WHERE' }];
    return '\nAttributes of guest_memfds\n' + renderTable(titles, rows);
}
