/**
 * Guest memory that a VMM has from a file in memory by a private mapping: what is written there is copied, and the file
 * goes on holding the page that it was copied from. A file on a disk can drop it, so that is left out.
 */
import { kindOf } from '../details/backing';
import type { SlotRow } from '../details/memslots';
import { findMapping, type Mapping } from '../discovery/processMaps';
import { readChunks } from '../pages/chunks';
import type { LayerChunk } from '../pages/layer';
import { presenceOf } from '../pages/pageCacheState';
import { ofMemory } from './detector';
import { byOthers, makeFinding, sizeOf } from './makeFinding';
import { LargestExtents } from './selectedPages';
import type { MemoryState, VmState } from './vmState';

const inMemory = ['memfd', 'shmem', 'hugetlb'] as const;

export const findDoubledByPrivateMapping = ofMemory(async (memory, state) => {
    const findings = [];
    for (const slot of memory.slots.filter(({ addressSpace, internal }) => addressSpace === 0 && !internal)) {
        const doubled = new LargestExtents();
        let path = '';
        for (const mapping of privateMappingsOf(slot, memory)) {
            await addDoubled(doubled, slot, mapping, memory, state);
            path = mapping.path;
        }
        if (doubled.pages === 0) continue;
        findings.push(
            makeFinding({
                kind: 'doubled-by-private-mapping',
                severity: 'warning',
                title: `${sizeOf(doubled.bytes)} twice in slot ${slot.id}: in ${path} and in a private copy`,
                explanation: `The VMM maps the file by MAP_PRIVATE. Each page that the guest or the VMM wrote was copied: the guest uses the copy, and the file still holds the page that it was made from.`,
                action: byOthers('Have the VMM map the file shared (MAP_SHARED; QEMU: share=on for the memory backend), or use anonymous memory if nobody else uses the file.'),
                ranges: doubled.ranges(),
                bytes: doubled.bytes,
                memslot: slot.id,
                source: 'page table of the VMM and page cache of the file',
            }),
        );
        await state.pace.breathe();
    }
    return findings;
});

function privateMappingsOf({ gfn, end, hvaPage }: SlotRow, { mappings, filesystems }: MemoryState): Mapping[] {
    const found: Mapping[] = [];
    if (mappings === null) return found;
    for (let i = findMapping(mappings, hvaPage); ; i++) {
        const mapping = mappings[i];
        if (mapping === undefined || mapping.start >= hvaPage + end - gfn) return found;
        const kind = kindOf(mapping, filesystems);
        if (!mapping.shared && inMemory.some((each) => each === kind)) found.push(mapping);
    }
}

/** bits 0-1: present; bit 2: of a file, or shared. */
const isPrivateCopy = (state: number): boolean => (state & 3) === 1 && (state & 4) === 0;

async function addDoubled(doubled: LargestExtents, slot: SlotRow, mapping: Mapping, { vm }: MemoryState, { pace }: VmState): Promise<void> {
    const start = Math.max(slot.hvaPage, mapping.start);
    const end = Math.min(slot.hvaPage + slot.end - slot.gfn, mapping.end);
    const scanned = await readChunks(pace, start, end, (from) => vm.process.scanPagemap(BigInt(from) << 12n, BigInt(end) << 12n));
    const toFile = mapping.filePage - mapping.start;
    const cached = await readChunks(pace, start + toFile, end + toFile, (from) =>
        vm.process.readMappedFilePages(BigInt(mapping.start) << 12n, from, end + toFile),
    );
    const copies = pagesIn(scanned ?? [], isPrivateCopy, 0);
    const originals = pagesIn(cached ?? [], (state) => presenceOf(state) !== 'swapped', -toFile);
    let [copy, original] = [copies.next().value, originals.next().value];
    while (copy !== undefined && original !== undefined) {
        const from = Math.max(copy.first, original.first);
        const until = Math.min(copy.end, original.end);
        if (from < until) doubled.add(from - slot.hvaPage + slot.gfn, until - from);
        if (copy.end <= original.end) copy = copies.next().value;
        else original = originals.next().value;
    }
}

/** [first, end) of the runs in such a state, `shift` added. */
function* pagesIn(chunks: readonly LayerChunk[], wanted: (state: number) => boolean, shift: number): Generator<{ first: number; end: number }, undefined> {
    for (const { first, pages, states } of chunks) {
        for (let i = 0; i < states.length; i++) {
            const at = (first[i] ?? 0) + shift;
            if (wanted(states[i] ?? 0)) yield { first: at, end: at + (pages[i] ?? 0) };
        }
    }
    return undefined;
}
