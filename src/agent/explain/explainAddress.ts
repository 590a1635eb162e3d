/** Everything about one guest physical address: where it is, the state of its page, and what follows from that. */
import { toHex, type Gpa } from '../../common/address';
import { errors } from '../../common/errors';
import { loggedOnly } from '../../common/factWords';
import { predictAccesses } from '../../common/explain/accesses';
import { sentencesOf } from '../../common/explain/sentences';
import type { AccessDecider, AddressFacts } from '../../common/explain/explanation';
import type { HvaBacking, PageFacts, PageRun } from '../../common/model';
import { findRun, pageRunAt, type PageRuns } from '../../common/pageRuns';
import { isDoubleBacked } from '../../common/pageState';
import { makeRange } from '../../common/range';
import { mapsOwnGuestMemfd } from '../details/backing';
import type { SlotRow } from '../details/memslots';
import { canReach, faultsAt, widestPhysicalAddress } from '../details/vcpus';
import { memslotOf } from '../details/vmDetails';
import { readVmMemory, type VmMemory } from '../details/vmMemory';
import { mappingAt } from '../discovery/processMaps';
import type { OpenVm } from '../discovery/vmDirectory';
import { hasPrivateMemory } from '../discovery/vmSummary';
import type { Recording } from '../events/recording';
import type { Pace } from '../pace';
import { attributeRuns } from '../pages/attributeRuns';
import { hasVmScope } from '../pages/attributeScope';
import { gfnLimit, walkAttributes } from '../pages/attributeWalk';
import { notMapped } from '../pages/guestMapping';
import { checkAddressSpace, takePageMap } from '../pages/pageMap';
import type { Window } from '../pages/window';
import { UnknownFields } from '../unknownFields';
import { changesAt } from './changesAt';
import { whoHolds } from './whoHolds';

/** How far the run is followed to either side: 256 MiB of pages, so that an answer takes milliseconds. */
const reach = 1 << 16;

/** Of the frame numbers that KVM's arguments have room for, those that a processor can address. */
const addressableGfns = 2 ** (widestPhysicalAddress - 12);

/** The pages around the address are looked at in a window that grows until it holds the address's run. */
const firstWindow = 512;

/** `recordings` are those that the agent holds of this VM. */
export async function explainAddress(
    vm: OpenVm,
    addressSpace: number,
    address: Gpa,
    recordings: readonly Recording[],
    pace: Pace,
): Promise<AddressFacts> {
    checkAddressSpace(vm, addressSpace);
    const memory = readVmMemory(vm);
    const gfn = Number(address >> 12n);
    const slots = memory.slots.filter((candidate) => candidate.addressSpace === addressSpace);
    const slot = slots.find((candidate) => candidate.gfn <= gfn && gfn < candidate.end);
    const page =
        slot === undefined
            ? await outsideMemslots(vm, memory, slots, addressSpace, address, pace)
            : await insideMemslot(vm, memory, slot, address, pace);
    const unknown = new UnknownFields(page.unknown);
    const decidedBy = deciderOf(vm);
    const facts = {
        ...page,
        decidedBy,
        onePage: slot === undefined ? null : isOnePage(slot, address, memory),
        accesses: predictAccesses(page, decidedBy),
        faults: faultsAt(vm, memory.files, address),
        changes: await changesAt(vm, address, recordings, unknown),
        holders: await whoHolds(vm, memory, slot, address, unknown, pace),
    };
    return { ...facts, sentences: sentencesOf(facts), unknown: unknown.list() };
}

/** Types of VMs whose guest settles by its own page tables whether an access is private. */
const decidingGuests: readonly number[] = [4, 5];

function deciderOf({ record }: OpenVm): AccessDecider {
    if (!hasPrivateMemory(record)) return 'nobody';
    return record.type !== null && decidingGuests.includes(record.type) ? 'guest' : 'attribute';
}

/** Whether both sides of a memslot with a guest_memfd are the same page. */
function isOnePage(slot: SlotRow, address: Gpa, { mappings }: VmMemory): boolean | null {
    if (!slot.hasGuestMemfd || mappings === null) return null;
    const mapping = mappingAt(mappings, slot.hvaPage + Number(address >> 12n) - slot.gfn);
    return mapping === undefined ? null : mapsOwnGuestMemfd(slot, mapping);
}

async function outsideMemslots(
    vm: OpenVm,
    { files }: VmMemory,
    slots: readonly SlotRow[],
    addressSpace: number,
    address: Gpa,
    pace: Pace,
): Promise<PageFacts> {
    const run = await gapRun(vm, Number(address >> 12n), slots, pace);
    const isReachable = canReach(vm, files, address);
    const unknown = [{ field: 'dirty', reason: `${loggedOnly} and no memslot is here` }];
    if (isReachable === null) unknown.push({ field: 'kind', reason: 'no vCPU tells how wide the physical addresses are' });
    const kind = isReachable === false ? 'unreachable' : 'mmio';
    return { vm: vm.id, addressSpace, gpa: toHex(address), memslot: null, kind, hva: null, guestMemfd: null, run, doubleBacked: false, unknown };
}

async function insideMemslot(vm: OpenVm, memory: VmMemory, slot: SlotRow, address: Gpa, pace: Pace): Promise<PageFacts> {
    const { addressSpace } = slot;
    const offset = address - (BigInt(slot.gfn) << 12n);
    const memslot = memslotOf(slot, memory);
    const { run, state, unknown } = await slotRun(vm, memory, slot, Number(address >> 12n), pace);
    return {
        vm: vm.id,
        addressSpace,
        gpa: toHex(address),
        memslot,
        kind: slot.readonly ? 'rom' : 'memory',
        hva: toHex(slot.hva + offset),
        guestMemfd:
            memslot.guestMemfd === null
                ? null
                : { ...memslot.guestMemfd, offset: toHex((BigInt(slot.gmemPage) << 12n) + offset) },
        run,
        doubleBacked: isDoubleBacked(state),
        unknown,
    };
}

async function slotRun(vm: OpenVm, memory: VmMemory, slot: SlotRow, gfn: number, pace: Pace) {
    for (let pages = firstWindow; ; pages *= 8) {
        const window = {
            gfn: Math.max(slot.gfn, gfn - pages),
            end: Math.min(slot.end, gfn + pages),
        };
        const { map } = await takePageMap(vm, slot.addressSpace, rangeOf(window), true, pace, memory);
        const index = findRun(map.runs, gfn);
        if (index >= map.runs.count || (map.runs.gfns[index] ?? 0) > gfn) throw errors.vmGone(vm.id);
        const cut = isCut(map.runs, index, window, slot);
        if (cut && pages < reach) continue;
        const run = pageRunAt(map.runs, index);
        const told = map.unknown.filter(({ field }) => field !== 'hvaBacking.pageSize' || lacksPageSize(run.hvaBacking));
        const unknown = cut
            ? [...told, { field: 'run', reason: 'the run goes on beyond the 256 MiB to either side that were looked at' }]
            : told;
        return { run, state: map.runs.states[index] ?? 0, unknown };
    }
}

const lacksPageSize = (backing: HvaBacking): boolean => backing.state === 'present' && backing.pageSize === null;

/** The run reaches an edge of the window that is not an edge of the slot. */
function isCut(runs: PageRuns, index: number, window: Window, slot: SlotRow): boolean {
    const start = runs.gfns[index] ?? 0;
    const end = start + (runs.pages[index] ?? 0);
    return (start === window.gfn && start > slot.gfn) || (end === window.end && end < slot.end);
}

const rangeOf = ({ gfn, end }: Window) => makeRange(BigInt(gfn) << 12n, BigInt(end - gfn) << 12n);

/** Where no memslot is: the gap, or the part of it that has one attribute; on one side of what a guest can address at all. */
async function gapRun(vm: OpenVm, gfn: number, slots: readonly SlotRow[], pace: Pace): Promise<PageRun> {
    const [first, last] = gfn < addressableGfns ? [0, addressableGfns] : [addressableGfns, gfnLimit];
    const below = Math.max(first, ...slots.filter(({ end }) => end <= gfn).map(({ end }) => end));
    const above = Math.min(last, ...slots.filter((slot) => slot.gfn > gfn).map((slot) => slot.gfn));
    const gap = { gfn: below, end: above };
    const inVmScope = hasVmScope(vm);
    const runs = inVmScope ? attributeRuns(gap, (await walkAttributes(vm, below, above, [], pace)).layer) : [];
    const run = runs.find(({ end }) => gfn < end) ?? { ...gap, attribute: 'shared' as const };
    return {
        gpa: toHex(BigInt(run.gfn) << 12n),
        size: toHex(BigInt(run.end - run.gfn) << 12n),
        memslot: null,
        attribute: run.attribute,
        scope: inVmScope ? 'vm' : 'none',
        hvaBacking: { state: 'none' },
        gmemBacking: { state: 'none' },
        guestMapping: notMapped,
        dirty: null,
        whyNotLarger: null,
        guestUses: 'none',
    };
}
