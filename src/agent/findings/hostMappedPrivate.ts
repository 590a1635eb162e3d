/** Private pages of a guest_memfd that a process of the host has in its page table, a finding for each process. */
import type { VmmProcess } from '../../../native/index';
import { parseHex } from '../../common/address';
import type { GuestMemfdMapping } from '../../common/model';
import { findRun } from '../../common/pageRuns';
import { isPrivate } from '../../common/pageState';
import { native } from '../native';
import { isNativeError } from '../nativeErrors';
import { readChunks } from '../pages/chunks';
import type { UnknownFields } from '../unknownFields';
import { ofMemory } from './detector';
import { byOthers, makeFinding, sizeOf } from './makeFinding';
import { LargestExtents, selectPages } from './selectedPages';
import type { MemoryState, VmState } from './vmState';

export const findHostMappedPrivate = ofMemory(async (memory, state) => {
    const { details, pace } = state;
    const withPrivate = await selectPages(memory.map.runs, isPrivate, pace);
    const findings = [];
    for (const { inode, hostMappings } of details.guestMemfds) {
        const isPrivateSomewhere = memory.slots.some((slot) => slot.addressSpace === 0 && slot.gmemInode === inode && withPrivate.has(slot.id));
        if (!isPrivateSomewhere || hostMappings === null) continue;
        for (const pid of new Set(hostMappings.map((mapping) => mapping.pid))) {
            const mapped = new LargestExtents();
            for (const mapping of hostMappings.filter((each) => each.pid === pid)) await addMapped(mapped, memory, state, inode, mapping);
            if (mapped.pages === 0) continue;
            findings.push(
                makeFinding({
                    kind: 'host-mapped-private',
                    severity: 'error',
                    title: `${sizeOf(mapped.bytes)} of private memory mapped by process ${pid}`,
                    explanation: `These pages of guest_memfd ${inode} are private to the guest, and process ${pid} has them in its page table: it can read and write them, and pages that it has pinned cannot be taken back.`,
                    action: byOthers(`Have process ${pid} unmap them (munmap, or madvise with MADV_DONTNEED) before they are converted to private.`),
                    ranges: mapped.ranges(),
                    bytes: mapped.bytes,
                    guestMemfd: { inode, ranges: [] },
                    source: `page table of process ${pid}`,
                }),
            );
        }
    }
    return findings;
});

async function addMapped(mapped: LargestExtents, memory: MemoryState, { pace, unknown }: VmState, inode: number, { pid, hva, offset, size }: GuestMemfdMapping): Promise<void> {
    const start = pageOf(hva);
    const end = start + pageOf(size);
    const chunks = await scanning(memory, pid, unknown, (process) =>
        readChunks(pace, start, end, (from) => process.scanPagemap(BigInt(from) << 12n, BigInt(end) << 12n)),
    );
    for (const { first, pages, states } of chunks ?? []) {
        for (let i = 0; i < states.length; i++) {
            if (((states[i] ?? 0) & 3) === 1) addPrivate(mapped, memory, inode, (first[i] ?? 0) - start + pageOf(offset), pages[i] ?? 0);
        }
    }
}

const pageOf = (address: string): number => Number((parseHex(address) ?? 0n) >> 12n);

/** Of so many pages of the guest_memfd, those that are private where memslots are bound to them. */
function addPrivate(mapped: LargestExtents, { map: { runs }, slots }: MemoryState, inode: number, page: number, pages: number): void {
    for (const { addressSpace, gmemInode, gmemPage, gfn, end } of slots) {
        if (addressSpace !== 0 || gmemInode !== inode) continue;
        const from = Math.max(gfn, page - gmemPage + gfn);
        const until = Math.min(end, page + pages - gmemPage + gfn);
        for (let i = findRun(runs, from); i < runs.count && (runs.gfns[i] ?? 0) < until; i++) {
            const first = Math.max(from, runs.gfns[i] ?? 0);
            if (isPrivate(runs.states[i] ?? 0)) mapped.add(first, Math.min(until, (runs.gfns[i] ?? 0) + (runs.pages[i] ?? 0)) - first);
        }
    }
}

/** Null when that process, which need not be the VMM, has ended or may not be looked into. */
async function scanning<T>({ vm }: MemoryState, pid: number, unknown: UnknownFields, scan: (process: VmmProcess) => Promise<T>): Promise<T | null> {
    const known = [vm.process, ...vm.otherHolders].find((process) => process.pid === pid);
    if (known !== undefined) return scan(known);
    let process: VmmProcess | undefined;
    try {
        process = new (native().VmmProcess)(pid);
        return await scan(process);
    } catch (thrown) {
        if (!isNativeError(thrown)) throw thrown;
        if (thrown.code !== 'ESRCH') unknown.add('guestMemfds.hostMappings', `the page table of process ${pid}: ${thrown.message}`);
        return null;
    } finally {
        process?.close();
    }
}
