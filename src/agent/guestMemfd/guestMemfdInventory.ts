/** Everything about the guest_memfds of a VM: who holds and maps each, what is bound to it, what it takes. */
import type { GuestMemfdRecord, KvmMapping } from '../../../native/index';
import { toHex } from '../../common/address';
import { errors } from '../../common/errors';
import type { GuestMemfd, GuestMemfdMapping, VmSummary } from '../../common/model';
import { readGuestMemfdAttributes } from './guestMemfdAttributes';
import { surveyPages, type GuestMemfdPages } from './guestMemfdPages';
import { gmemFlags, unboundRanges, type HeldGuestMemfd } from './guestMemfds';
import { findKvmMappings } from '../discovery/kvmMappings';
import type { Pace } from '../pace';
import type { UnknownFields } from '../unknownFields';
import type { OpenVm } from '../discovery/vmDirectory';
import type { VmMemory } from '../details/vmMemory';

const bytes = (pages: number) => toHex(BigInt(pages) * 4096n);

/** Those of which some process has an fd; those that only a mapping keeps are told as unknown. */
export async function readGuestMemfds(vm: OpenVm, memory: VmMemory, unknown: UnknownFields, pace: Pace): Promise<GuestMemfd[]> {
    const { mappings, reason } = await findKvmMappings(pace);
    if (reason !== null) unknown.add('guestMemfds.hostMappings', reason);
    const own = mappings?.filter((mapping) => mapping.vm === vm.identity && mapping.kind === 'guest_memfd') ?? null;
    const guestMemfds: GuestMemfd[] = [];
    for (const held of memory.guestMemfds.values()) {
        const { record, source } = held;
        // Of a guest_memfd without pages, however large, nothing is walked.
        const end = record.allocatedPages === 0 ? 0 : Number(record.size >> 12n);
        const pages = await surveyPages(end, (from) => source.process.readGuestMemfdPages(source.fd, from, end), pace);
        if (pages === null) continue;
        const hostMappings = own === null ? null : hostMappingsOf(record.inode, own);
        const attributes = await readGuestMemfdAttributes(vm, held, unknown, pace);
        guestMemfds.push({ ...heldGuestMemfd(vm.summary, held, pages), hostMappings, attributes });
        tellNodes(record.inode, pages, unknown);
    }
    for (const { inode, pid, start } of own ?? []) {
        if (memory.guestMemfds.has(inode)) continue;
        unknown.add('guestMemfds', `guest_memfd ${inode} has no file descriptor left; a mapping at ${toHex(start)} in process ${pid} keeps it`);
    }
    // What was left out had closed its fd: then the VM may have ended altogether.
    if (!vm.process.kvmFiles().some((file) => file.vm === vm.identity)) throw errors.vmGone(vm.id);
    return guestMemfds;
}

function heldGuestMemfd(
    vm: VmSummary,
    { fds, holders, record }: HeldGuestMemfd,
    pages: GuestMemfdPages,
): Omit<GuestMemfd, 'hostMappings' | 'attributes'> {
    return {
        inode: record.inode,
        fds,
        size: toHex(record.size),
        flags: gmemFlags(record.flags),
        ...countsOf(pages),
        bindings: record.bindings
            .map(({ addressSpace, memslot, first, pages: bound }) => ({
                addressSpace,
                memslot,
                offset: bytes(first),
                size: bytes(bound),
            }))
            .sort((a, b) => a.addressSpace - b.addressSpace || a.memslot - b.memslot),
        holders,
        unbound: unboundRanges(record),
        leaked: pages.allocated > 0 && (record.bindings.length === 0 || !canRun(vm)),
        directMap: directMapOf(record),
    };
}

/** A vCPU's fd is all that KVM_RUN needs. */
const canRun = ({ heldBy }: VmSummary): boolean => heldBy === 'vm' || heldBy === 'vcpu';

export function countsOf({ allocated, prepared, folios, nodes }: GuestMemfdPages) {
    return { allocated: bytes(allocated), prepared: bytes(prepared), folios, nodes: typeof nodes === 'string' ? null : nodes };
}

function tellNodes(inode: number, { nodes }: GuestMemfdPages, unknown: UnknownFields): void {
    if (typeof nodes === 'string') unknown.add('guestMemfds.nodes', `guest_memfd ${inode}: ${nodes}`);
}

function directMapOf({ inDirectMap }: GuestMemfdRecord): GuestMemfd['directMap'] {
    if (inDirectMap === null) return null;
    return inDirectMap ? 'present' : 'removed';
}

export function hostMappingsOf(inode: number, mappings: readonly KvmMapping[]): GuestMemfdMapping[] {
    return mappings
        .filter((mapping) => mapping.inode === inode)
        .map(({ pid, start, end, firstPage, rights }) => ({
            pid,
            hva: toHex(start),
            offset: bytes(firstPage),
            size: toHex(end - start),
            rights,
        }));
}
