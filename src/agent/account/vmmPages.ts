/** What the VMM's process has mapped beside guest memory. */
import type { SlotRow } from '../details/memslots';
import { hasHvaSide, kindOf } from '../details/backing';
import type { Mapping } from '../discovery/processMaps';
import type { VmMemory } from '../details/vmMemory';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import { readChunks } from '../pages/chunks';
import { overlay, MarkedPagesBuilder, type MarkedPages } from './markedPages';
import { isFilePage, isPresent } from './pageTableState';
import type { PrivateFiles } from './privateFiles';
import { anonymousStore, mappedMark, partMark, storeOf, type PhysicalMemory } from './physicalMemory';

const marks = partMark('vmm') | mappedMark;

export async function addVmmPages(
    vm: OpenVm,
    { mappings, filesystems }: VmMemory,
    slots: readonly SlotRow[],
    physical: PhysicalMemory,
    privateFiles: PrivateFiles,
    pace: Pace,
): Promise<void> {
    const guest = hvasOf(slots);
    for (const mapping of mappings ?? []) {
        // A page of the kernel, listed in every process and in no page table of it.
        if (mapping.path === '[vsyscall]') continue;
        for (const [first, end] of outside(guest, mapping)) {
            const address = (page: number) => BigInt(page) * 4096n;
            const chunks = await readChunks(pace, first, end, (from) => vm.process.scanPagemap(address(from), address(end)));
            const { store, shift } = storeOf(mapping);
            // What no disk has takes memory also where the VMM has a copy of its own.
            const isPrivateMemory = !mapping.shared && ['memfd', 'shmem', 'hugetlb'].includes(kindOf(mapping, filesystems));
            for (const chunk of chunks ?? []) {
                for (let i = 0; i < chunk.states.length; i++) {
                    const state = chunk.states[i] ?? 0;
                    if (!isPresent(state)) continue;
                    const page = chunk.first[i] ?? 0;
                    const until = page + (chunk.pages[i] ?? 0);
                    physical.addPageTableEntries(page, until);
                    if (isPrivateMemory) privateFiles.add(mapping, page, until, marks);
                    else if (mapping.shared || isFilePage(state)) physical.add(store, page + shift, until + shift, marks);
                    else physical.add(anonymousStore, page, until, marks);
                }
            }
        }
    }
}

/** The HVAs of all memslots. */
function hvasOf(slots: readonly SlotRow[]): MarkedPages {
    return overlay(
        slots.filter(hasHvaSide).map((slot) => {
            const layer = new MarkedPagesBuilder();
            layer.add(slot.hvaPage, slot.hvaPage + slot.end - slot.gfn, 1);
            return layer;
        }),
    );
}

/** The parts of a mapping where no memslot is. */
function outside(guest: MarkedPages, { start, end }: Mapping): [number, number][] {
    const parts: [number, number][] = [];
    let at = start;
    for (let i = firstEndingAfter(guest, start); i < guest.count && (guest.first[i] ?? 0) < end; i++) {
        const first = guest.first[i] ?? 0;
        if (first > at) parts.push([at, first]);
        at = Math.max(at, guest.end[i] ?? 0);
    }
    if (at < end) parts.push([at, end]);
    return parts;
}

function firstEndingAfter({ count, end }: MarkedPages, page: number): number {
    let low = 0;
    let high = count;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((end[middle] ?? 0) <= page) low = middle + 1;
        else high = middle;
    }
    return low;
}
