/** What can be told of a VM that only mappings keep: which guest_memfds they map, and what these still take. */
import { statSync } from 'node:fs';
import type { KvmMapping } from '../../../native/index';
import { toHex } from '../../common/address';
import { errors } from '../../common/errors';
import type { GuestMemfd, VmDetails } from '../../common/model';
import { readConvertsInPlace } from '../host/inPlaceConversion';
import { countsOf, hostMappingsOf } from '../guestMemfd/guestMemfdInventory';
import { surveyPages } from '../guestMemfd/guestMemfdPages';
import { findKvmMappings } from '../discovery/kvmMappings';
import type { Pace } from '../pace';
import { UnknownFields } from '../unknownFields';
import type { MappedVm } from '../discovery/vmDirectory';

const onlyThroughFds = 'only a mapping keeps this VM, and this is read through a file descriptor of it';

export async function readMappedVmDetails(vm: MappedVm, pace: Pace): Promise<VmDetails> {
    const unknown = new UnknownFields();
    for (const field of ['vm', 'capabilities', 'addressSpaces', 'vcpus']) unknown.add(field, onlyThroughFds);
    const { mappings, reason } = await findKvmMappings(pace);
    if (reason !== null) unknown.add('guestMemfds', reason);
    const keeping = (mappings ?? []).filter((mapping) => mapping.vm === vm.identity);
    if (mappings !== null && keeping.length === 0) throw errors.vmGone(vm.summary.id);
    const own = keeping.filter(({ kind }) => kind === 'guest_memfd');
    const guestMemfds: GuestMemfd[] = [];
    const inodes = new Set(own.map((mapping) => mapping.inode));
    for (const inode of inodes) {
        const guestMemfd = await mappedGuestMemfd(vm, own.filter((mapping) => mapping.inode === inode), unknown, pace);
        if (guestMemfd !== null) guestMemfds.push(guestMemfd);
    }
    if (!vm.process.alive) throw errors.processGone(vm.process.pid);
    // A process that is ending loses its mappings before it counts as dead.
    if (guestMemfds.length < inodes.size && !(await isStillMapped(vm, pace))) throw errors.vmGone(vm.summary.id);
    if (guestMemfds.length > 0) {
        const attributes = readConvertsInPlace() ? ['attributes'] : [];
        for (const field of ['flags', 'bindings', 'unbound', 'nodes', 'directMap', ...attributes]) unknown.add(`guestMemfds.${field}`, onlyThroughFds);
    }
    return {
        vm: vm.summary,
        capabilities: { attributes: [], attributeScope: 'none' },
        addressSpaces: [],
        guestMemfds,
        vcpus: [],
        unknown: unknown.list(),
    };
}

/** True also where it cannot be told. */
async function isStillMapped(vm: MappedVm, pace: Pace): Promise<boolean> {
    const { mappings } = await findKvmMappings(pace);
    return mappings?.some((mapping) => mapping.vm === vm.identity) ?? true;
}

async function mappedGuestMemfd(
    vm: MappedVm,
    mappings: readonly KvmMapping[],
    unknown: UnknownFields,
    pace: Pace,
): Promise<GuestMemfd | null> {
    const { inode, pid } = mappings[0] ?? { inode: -1, pid: -1 };
    const here = mappings.find((mapping) => mapping.pid === vm.process.pid);
    const size = here === undefined ? null : sizeOfMapped(here);
    if (here === undefined || size === null) {
        unknown.add('guestMemfds', `the size and the pages of guest_memfd ${inode}, which process ${pid} maps, cannot be read`);
        return null;
    }
    const pages = await surveyPages(size / 4096, (first, end) => vm.process.readMappedFilePages(here.start, first, end), pace);
    if (pages === null) return null;
    return {
        inode,
        fds: [],
        size: toHex(size),
        flags: [],
        ...countsOf(pages),
        nodes: null,
        bindings: [],
        holders: [],
        unbound: [],
        leaked: pages.allocated > 0,
        hostMappings: hostMappingsOf(inode, mappings),
        directMap: null,
        attributes: null,
    };
}

/** Null when the mapping has gone, or without the privilege to look behind it. */
function sizeOfMapped({ pid, start, end }: KvmMapping): number | null {
    try {
        return statSync(`/proc/${pid}/map_files/${start.toString(16)}-${end.toString(16)}`).size;
    } catch (thrown) {
        if (thrown instanceof Error && 'syscall' in thrown) return null;
        throw thrown;
    }
}
