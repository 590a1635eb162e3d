/**
 * The account of a VM's memory: which physical pages there are and what for, found page by page, beside what the kernel
 * charges. The two meet in the VMM's resident set: what its page tables were seen to hold has to be what RSS counts.
 */
import { toHex, type Hex } from '../../common/address';
import { errors } from '../../common/errors';
import { pageParts, type AccountCgroup, type AccountEntry, type ChargeStep, type MemoryAccount, type PagePart } from '../../common/memoryAccount';
import { sameSlots, slotRows, type SlotRow } from '../details/memslots';
import { readVmMemory, type VmMemory } from '../details/vmMemory';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import type { PageMapInColumns, ReadPageMap } from '../pages/pageMap';
import { UnknownFields } from '../unknownFields';
import { GuestPages } from './guestPages';
import { readCgroup, readMappingSums, readResident, type MappingSums, type ResidentFigures } from './kernelFigures';
import { readKvmMemory } from './kvmMemory';
import { PhysicalMemory, type PhysicalTotals } from './physicalMemory';
import { PrivateFiles } from './privateFiles';
import { addUnboundPages } from './unboundPages';
import { addVmmPages } from './vmmPages';

/** How often it is tried to read a VM whose memslots change meanwhile. */
const attempts = 3;

export async function readMemoryAccount(vm: OpenVm, withPss: boolean, readMap: ReadPageMap, pace: Pace): Promise<MemoryAccount> {
    for (let attempt = 1; ; attempt++) {
        const takenAt = new Date().toISOString();
        const before = readVmMemory(vm);
        const { unknown, ...account } = await takeAccount(vm, before, withPss, readMap, pace);
        const after = vm.process.readVm(vm.fd);
        if (after?.vm !== vm.identity) throw errors.vmGone(vm.id);
        const stood = after.consistent && sameSlots(before.slots, slotRows(after.memslots));
        if (!stood && attempt < attempts) {
            vm = { ...vm, record: after };
            continue;
        }
        if (!vm.process.alive) throw errors.processGone(vm.process.pid);
        return { vm: vm.id, takenAt, ...account, consistent: stood && account.consistent, unknown: unknown.list() };
    }
}

type TakenAccount = Omit<MemoryAccount, 'vm' | 'takenAt' | 'unknown'> & { readonly unknown: UnknownFields };

async function takeAccount(vm: OpenVm, memory: VmMemory, withPss: boolean, readMap: ReadPageMap, pace: Pace): Promise<TakenAccount> {
    const unknown = new UnknownFields();
    const physical = new PhysicalMemory();
    // Nothing can run a VM that only guest_memfds keep: no page has a use any more.
    const slots = vm.summary.heldBy === 'guest_memfd' ? [] : memory.slots;
    const isOwn = memory.mappings !== null;
    if (!isOwn) unknown.add('kernel.rss', memory.mappingsReason);
    const residentBefore = isOwn ? readResident(vm.process.pid) : null;
    const privateFiles = new PrivateFiles();
    const guest = new GuestPages(memory.mappings, physical, privateFiles);
    const consistent = await addGuestPages(vm, guest, slots, readMap, unknown, pace);
    await addVmmPages(vm, memory, slots, physical, privateFiles, pace);
    await privateFiles.settle(vm.process, physical, pace);
    await addUnboundPages(vm, memory, physical, pace);
    const residentAfter = isOwn ? readResident(vm.process.pid) : null;
    const sums = residentAfter === null ? null : await sumMappings(vm.process.pid, residentAfter, withPss, unknown);
    const resident = residentAfter === null ? null : { ...residentAfter, rss: sums?.rss ?? residentAfter.rss };
    const totals = physical.totals();
    const kvm = await readKvmMemory(vm, memory.slots, unknown, pace);
    const pageTables = resident === null ? [] : [pageTablesOf(resident)];
    const structures = [...pageTables, ...kvm];
    const entries = [...pageParts.map((part) => pageEntry(part, totals, isOwn)), ...structures];
    const total = sum(entries.map(({ bytes }) => Number(bytes)));
    const steps = resident === null ? [] : stepsOf(resident, totals, structures);
    const charged = resident === null ? null : sum(steps.map(({ bytes }) => bytes));
    return {
        consistent,
        guestMemory: guestMemoryOf(slots),
        entries,
        total: toHex(total),
        kernel: {
            rss: resident === null ? null : toHex(resident.rss),
            pss: sums?.pss ?? null,
            steps,
            charged: charged === null ? null : toHex(Math.max(0, charged)),
            cgroup: cgroupOf(vm.process.pid, unknown),
        },
        notExplained: charged === null || residentAfter === null || residentBefore === null ? null : difference(charged - total, residentBefore, residentAfter),
        unknown,
    };
}

/**
 * Bytes of RSS up to which the sums over all mappings are read unasked: the kernel then holds the mmap lock for at most some
 * 20 ms (measured: 80 ms for each GiB of small pages), and what the VMM maps or unmaps meanwhile waits for so long.
 */
const quicklySummed = 256 * 2 ** 20;

async function sumMappings(pid: number, { rss, hugetlb }: ResidentFigures, isAsked: boolean, unknown: UnknownFields): Promise<MappingSums | null> {
    if (!isAsked && rss + hugetlb > quicklySummed) {
        unknown.add('kernel.pss', 'to add it up the kernel would hold the VMM’s mmap lock for some 80 ms for each GiB of small pages, so it is read on request only (--pss, or Refresh in the window)');
        return null;
    }
    const sums = await readMappingSums(pid);
    if (!('reason' in sums)) return sums;
    unknown.add('kernel.pss', sums.reason);
    return null;
}

function cgroupOf(pid: number, unknown: UnknownFields): AccountCgroup | null {
    const cgroup = readCgroup(pid);
    if (!('reason' in cgroup)) return cgroup;
    unknown.add('kernel.cgroup', cgroup.reason);
    return null;
}

/** Whether the maps were read in one state. */
async function addGuestPages(
    vm: OpenVm,
    guest: GuestPages,
    slots: readonly SlotRow[],
    readMap: ReadPageMap,
    unknown: UnknownFields,
    pace: Pace,
): Promise<boolean> {
    let consistent = true;
    for (let addressSpace = 0; addressSpace < vm.record.addressSpaces; addressSpace++) {
        const own = slots.filter((slot) => slot.addressSpace === addressSpace);
        if (own.length === 0) continue;
        const map = await readMap(vm, addressSpace, null, false, pace);
        tellUnknown(map, unknown);
        consistent &&= map.consistent;
        guest.add(map.runs, new Map(own.map((slot) => [slot.id, slot])));
        await pace.breathe();
    }
    return consistent;
}

/** Of what a map does not tell, only this changes the account. */
function tellUnknown(map: PageMapInColumns, unknown: UnknownFields): void {
    for (const { field, reason } of map.unknown) {
        if (field === 'attribute' || field === 'hvaBacking' || field === 'gmemBacking') unknown.add('entries', reason);
    }
}

const guestMemoryOf = (slots: readonly SlotRow[]): Hex =>
    toHex(sum(slots.filter((slot) => slot.addressSpace === 0 && !slot.internal).map(({ gfn, end }) => (end - gfn) * 4096)));

const sources: Readonly<Record<PagePart, string>> = {
    'shared-resident': 'page map: present on the HVA side or in the guest_memfd, shared, and used by the guest',
    'private-allocated': 'page map: allocated in the guest_memfd, private',
    'double': 'page map: the side that the guest does not use, where the other has a page, too',
    'file-under-copy': 'page cache of files that are mapped MAP_PRIVATE, where the VMM’s page table has an anonymous page',
    'unused-side': 'page map: the side that the guest does not use, where the other has no page',
    'unbound': 'page cache of guest_memfds where no memslot is bound',
    'vmm': '/proc/PID/pagemap of mappings where no memslot is',
};

function pageEntry(part: PagePart, { parts }: PhysicalTotals, isOwn: boolean): AccountEntry {
    const needsMappings = part !== 'private-allocated' && part !== 'unbound';
    return { part, bytes: toHex((parts.get(part) ?? 0) * 4096), source: sources[part], exact: isOwn || !needsMappings };
}

const pageTablesOf = ({ pageTables }: ResidentFigures): AccountEntry => ({
    part: 'page-tables',
    bytes: toHex(pageTables),
    source: 'VmPTE of /proc/PID/status',
    exact: true,
});

function stepsOf(resident: ResidentFigures, { notMapped, mappedAgain }: PhysicalTotals, structures: readonly AccountEntry[]) {
    const steps: [ChargeStep, number][] = [
        ['rss', resident.rss],
        ['hugetlb', resident.hugetlb],
        ['not-mapped', notMapped * 4096],
        ['mapped-again', mappedAgain === 0 ? 0 : -mappedAgain * 4096],
        ['kernel-structures', sum(structures.map(({ bytes }) => Number(bytes)))],
    ];
    return steps.map(([step, bytes]) => ({ step, bytes }));
}

const inexact = 'before Linux 6.17 /proc/PID/status is off by some pages for each processor, before 6.2 for each thread';

function difference(bytes: number, before: ResidentFigures, after: ResidentFigures) {
    const moved = after.rss + after.hugetlb - before.rss - before.hugetlb;
    const reason =
        bytes === 0
            ? 'every page that RSS counts was found'
            : moved !== 0
              ? `RSS itself changed by ${moved} bytes while the pages were read`
              : bytes > 0
                ? `RSS counts pages that /proc/PID/pagemap did not show: of mappings that changed meanwhile, or the kernel’s own that are mapped; ${inexact}`
                : `/proc/PID/pagemap shows pages that RSS does not count: of devices and of the kernel; ${inexact}`;
    return { bytes, reason };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
