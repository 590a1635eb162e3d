/** The page map of one address space: gathers what the sources say, slot by slot, and has it combined. */
import type { VmRecord } from '../../../native/index';
import { errors } from '../../common/errors';
import type { PageMap } from '../../common/model';
import type { PageRuns } from '../../common/pageRuns';
import { encodePageDetail, hvaPageSizeOf, hvaStateOf, isHvaMapped, type PageDetail, type PageState } from '../../common/pageState';
import { formatRange, type GpaRange } from '../../common/range';
import { hasVmScope, scopeOfSlot } from './attributeScope';
import { walkAttributes, type AttributeWalk } from './attributeWalk';
import { hasHvaSide, mapsOwnGuestMemfd } from '../details/backing';
import { DirtyPages } from './dirtyPages';
import { notMapped, readGuestMapping } from './guestMapping';
import { readSlotAttributes } from '../guestMemfd/guestMemfdAttributes';
import { isInitShared } from '../guestMemfd/guestMemfds';
import { copiesOf } from './guestCopies';
import { LargerPagesReader } from './largerPages';
import type { Layer } from './layer';
import { sameSlots, slotRows, type SlotRow } from '../details/memslots';
import type { Pace } from '../pace';
import { PageStateSweep } from './pageStates';
import { findMapping, type Mapping } from '../discovery/processMaps';
import { Residency } from './residency';
import { stateBits } from './stateBits';
import { UnknownFields } from '../unknownFields';
import { UnstampedReads } from './unstampedReads';
import type { OpenVm } from '../discovery/vmDirectory';
import { gmemProblem, readVmMemory, type VmMemory } from '../details/vmMemory';
import { cutAtEdges, lacksReasons } from './whyNotLarger';
import { everything, windowOf, type Window } from './window';

export type PageMapInColumns = Omit<PageMap, 'runs'> & { readonly runs: PageRuns };

/** How often it is tried to read a VM whose memslots change meanwhile. */
const attempts = 3;

export function checkAddressSpace(vm: OpenVm, addressSpace: number): void {
    const { addressSpaces } = vm.record;
    if (addressSpace < addressSpaces) return;
    throw errors.noAddressSpace(vm.id, addressSpace, addressSpaces);
}

/** A page map, and what it was made of. */
export interface TakenMap {
    readonly map: PageMapInColumns;
    readonly memory: VmMemory;
    readonly record: VmRecord;
    readonly unstamped: UnstampedReads;
}

/** Without a range, all of the address space; a range must overlap a memslot or a private page. */
export type ReadPageMap = (
    vm: OpenVm,
    addressSpace: number,
    range: GpaRange | null,
    withAccessed: boolean,
    pace: Pace,
) => Promise<PageMapInColumns>;

export const readPageMap: ReadPageMap = async (...what) => (await takePageMap(...what)).map;

/** `known` is what the same request read of the VM's memory before; without it, and after a change, that is read here. */
export async function takePageMap(
    vm: OpenVm,
    addressSpace: number,
    range: GpaRange | null,
    withAccessed: boolean,
    pace: Pace,
    known?: VmMemory,
): Promise<TakenMap> {
    checkAddressSpace(vm, addressSpace);
    const window = range === null ? everything : windowOf(range);
    for (let attempt = 1; ; attempt++) {
        const takenAt = new Date().toISOString();
        const memory = attempt === 1 && known !== undefined ? known : readVmMemory(vm);
        const unknown = new UnknownFields();
        const unstamped = new UnstampedReads(vm.process);
        const gathered = await new Gathering(vm, memory, unknown, unstamped, pace).run(addressSpace, window, withAccessed);
        const after = vm.process.readVm(vm.fd);
        if (after?.vm !== vm.identity) throw errors.vmGone(vm.id);
        const stood = after.consistent && sameSlots(memory.slots, slotRows(after.memslots));
        if (!stood && attempt < attempts) {
            vm = { ...vm, record: after };
            continue;
        }
        if (range !== null && gathered.runs.count === 0) throw errors.outsideMemslots(formatRange(range));
        if (await isSomewhere(gathered.runs, isOfUntoldSize, pace)) {
            unknown.add('hvaBacking.pageSize', 'a page that only its file holds is not mapped, so no mapping tells its size');
        }
        if (await isSomewhere(gathered.runs, lacksReasons, pace)) {
            unknown.add('whyNotLarger', 'the size of the page behind it is not known, and may be the reason, or a further one');
        }
        const consistent = stood && gathered.consistent;
        const { runs, totals } = gathered;
        const map = { vm: vm.id, addressSpace, takenAt, consistent, runs, totals, unknown: unknown.list() };
        return { map, memory, record: vm.record, unstamped };
    }
}

const isOfUntoldSize = (state: PageState): boolean => hvaStateOf(state) === 'present' && !isHvaMapped(state) && hvaPageSizeOf(state) === null;

/** In pieces: there may be millions of runs. */
async function isSomewhere({ count, states, details }: PageRuns, test: (state: PageState, detail: PageDetail) => boolean, pace: Pace): Promise<boolean> {
    const piece = 1 << 16;
    for (let from = 0; from < count; from += piece) {
        await pace.breathe();
        if (states.subarray(from, from + piece).some((state, i) => test(state, details[from + i] ?? 0))) return true;
    }
    return false;
}

/** Where no memslot is, only the VM's own store holds attributes, and nothing can be mapped. */
export const outsideBits = stateBits({ scope: 'vm', guestMapping: notMapped });

class Gathering {
    private readonly residency: Residency;
    private readonly dirtyPages: DirtyPages;
    private readonly largerPages: LargerPagesReader;
    /** Every attribute store was read in one state. */
    private consistent = true;

    constructor(
        private readonly vm: OpenVm,
        private readonly memory: VmMemory,
        private readonly unknown: UnknownFields,
        private readonly unstamped: UnstampedReads,
        private readonly pace: Pace,
    ) {
        this.residency = new Residency(vm, memory, unknown, unstamped, pace);
        this.dirtyPages = new DirtyPages(vm, unknown, unstamped, pace);
        this.largerPages = new LargerPagesReader(vm, unknown, pace);
    }

    async run(addressSpace: number, window: Window, withAccessed: boolean) {
        const slots = this.memory.slots.filter(
            (slot) => slot.addressSpace === addressSpace && slot.gfn < window.end && slot.end > window.gfn,
        );
        const attributes = hasVmScope(this.vm)
            ? await walkAttributes(this.vm, window.gfn, window.end, this.memory.slots, this.pace)
            : null;
        this.consistent = attributes?.consistent ?? true;
        const guestMapping = await this.guestMapping(addressSpace, window, withAccessed, null);
        this.pace.begin(2 * slots.reduce((sum, slot) => sum + slot.end - slot.gfn, 0));
        const sweep = new PageStateSweep();
        let at = window.gfn;
        for (const slot of slots) {
            this.addGap(sweep, at, slot.gfn, attributes);
            at = Math.min(slot.end, window.end);
            const gfn = Math.max(slot.gfn, window.gfn);
            // To take the dirty log takes rights away, which no stamp tells.
            const mapping =
                guestMapping !== null && slot.logsDirtyPages
                    ? await this.guestMapping(addressSpace, { gfn, end: at }, withAccessed, this.unstamped)
                    : guestMapping;
            await this.addSlot(sweep, slot, gfn, at, attributes?.layer ?? null, mapping);
            await this.pace.breathe();
        }
        this.addGap(sweep, at, window.end, attributes);
        this.dirtyPages.tellUnknown();
        return { ...sweep.finish(), consistent: this.consistent };
    }

    private addGap(sweep: PageStateSweep, gfn: number, end: number, attributes: AttributeWalk | null): void {
        if (attributes !== null && gfn < end) sweep.addGap(gfn, end, attributes.layer, outsideBits);
    }

    private async guestMapping(
        addressSpace: number,
        { gfn, end }: Window,
        withAccessed: boolean,
        unstamped: UnstampedReads | null,
    ): Promise<Layer | null> {
        const layer = await readGuestMapping(this.vm, addressSpace, gfn, end, withAccessed, this.pace, unstamped);
        if (typeof layer !== 'string') return layer;
        this.unknown.add('guestMapping', layer);
        return null;
    }

    private async addSlot(
        sweep: PageStateSweep,
        slot: SlotRow,
        gfn: number,
        end: number,
        vmAttributes: Layer | null,
        guestMapping: Layer | null,
    ) {
        const held = slot.gmemInode === null ? undefined : this.memory.guestMemfds.get(slot.gmemInode);
        const guestMemfd = held === undefined ? null : await this.residency.guestMemfd(slot, held, gfn, end);
        const problem = gmemProblem(slot, this.memory);
        if (problem !== null) this.unknown.add('gmemBacking', `memslot ${slot.id}: ${problem}`);
        const { attributes, scopeBits } = await this.attributesOf(slot, gfn, end, vmAttributes);
        const fixed = scopeBits | stateBits(problem === null ? {} : { gmem: null });
        const dirty = await this.dirtyPages.read(slot, gfn, end);
        const largerPages = await this.largerPages.read(slot, gfn, end, guestMapping, guestMemfd?.pageSize ?? null);
        const common = { memslot: slot.id, attributes, guestMemfd, guestMapping, dirty, largerPages, copies: copiesOf(slot) };
        for (const part of this.partsOf(slot, gfn, end)) {
            const sides = await this.hvaSide(slot, part, guestMemfd);
            const stretch = { ...common, ...part, ...sides, fixed: fixed | sides.fixed };
            for (const piece of cutAtEdges(slot, stretch)) sweep.addStretch(piece);
        }
    }

    private async hvaSide(slot: SlotRow, { gfn, end, mapping, hvaBits }: SlotPart, guestMemfd: Layer | null) {
        if (mapping === null) return { fixed: hvaBits, fixedDetail: 0, pageTable: null, pageCache: null };
        const layers = await this.residency.hva(slot, mapping, gfn, end, guestMemfd);
        const samePage = mapsOwnGuestMemfd(slot, mapping);
        return { ...layers, fixed: stateBits({ samePage }), fixedDetail: encodePageDetail({ rights: mapping.rights }) };
    }

    /** Who decides private or shared, and what was decided: by pages, or for the whole slot by bits that hold throughout. */
    private async attributesOf(slot: SlotRow, gfn: number, end: number, vmAttributes: Layer | null) {
        const scope = scopeOfSlot(this.vm, slot);
        const scopeBits = stateBits({ scope });
        if (scope !== 'guest_memfd') return { attributes: vmAttributes, scopeBits };
        const held = slot.gmemInode === null ? undefined : this.memory.guestMemfds.get(slot.gmemInode);
        if (held?.record.hasAttributeStore === false) {
            const attribute = isInitShared(held.record) ? 'shared' : 'private';
            return { attributes: null, scopeBits: stateBits({ scope, attribute }) };
        }
        const walk =
            held === undefined
                ? 'its guest_memfd, which decides, cannot be read'
                : await readSlotAttributes(this.vm, slot, held, gfn, end, this.pace);
        if (typeof walk === 'string') {
            this.unknown.add('attribute', `memslot ${slot.id}: ${walk}; shown as shared`);
            return { attributes: null, scopeBits };
        }
        this.consistent &&= walk.consistent;
        return { attributes: walk.layer, scopeBits };
    }

    /** Cuts gfns of a slot where the mappings behind its HVA begin and end. */
    private partsOf(slot: SlotRow, gfn: number, end: number): SlotPart[] {
        const whole = (hvaBits: number): SlotPart[] => [{ gfn, end, mapping: null, hvaBits }];
        if (!hasHvaSide(slot)) return whole(stateBits({ hva: 'none' }));
        const { mappings, mappingsReason } = this.memory;
        if (mappings === null) {
            this.unknown.add('hvaBacking', mappingsReason);
            return whole(stateBits({ hva: null }));
        }
        const toHva = slot.hvaPage - slot.gfn;
        const absent = stateBits({ hva: 'absent' });
        const parts: SlotPart[] = [];
        let at = gfn;
        for (let i = findMapping(mappings, gfn + toHva); at < end; i++) {
            const mapping = mappings[i];
            const start = Math.min(end, (mapping?.start ?? Infinity) - toHva);
            if (start > at) parts.push({ gfn: at, end: start, mapping: null, hvaBits: absent });
            at = Math.max(at, start);
            if (mapping === undefined || at >= end) break;
            const until = Math.min(end, mapping.end - toHva);
            parts.push({ gfn: at, end: until, mapping, hvaBits: 0 });
            at = until;
        }
        return parts;
    }
}

interface SlotPart {
    readonly gfn: number;
    readonly end: number;
    /** What the VMM has mapped there; null where nothing is, or it cannot be told: then `hvaBits` hold. */
    readonly mapping: Mapping | null;
    readonly hvaBits: number;
}

