/**
 * Memory in MAP_PRIVATE mappings of files. A page that the VMM (or the guest through it) wrote is an anonymous copy
 * of the VMM's own; the file's page stays in the page cache, of no use to the guest. A page that was only read is the
 * file's. The page map does not tell one from the other, so they are looked up here.
 */
import type { VmmProcess } from '../../../native/index';
import type { Mapping } from '../discovery/processMaps';
import type { Pace } from '../pace';
import { readChunks } from '../pages/chunks';
import { presenceOf } from '../pages/pageCacheState';
import { MarkedSpace } from './markedPages';
import { anonymousStore, mappedMark, partMark, storeOf, type PhysicalMemory } from './physicalMemory';
import { isFilePage, isPresent } from './pageTableState';

/** Beside the marks of PhysicalMemory, which these come from. */
const ownCopyMark = mappedMark << 1;
const inFileMark = mappedMark << 2;

interface TouchedPart {
    readonly pages: MarkedSpace;
    /** [first, end), page numbers of the HVA: from the first to the last page that was added. */
    first: number;
    end: number;
}

export class PrivateFiles {
    private readonly touched = new Map<Mapping, TouchedPart>();

    /** Pages [first, end) of the HVA, with the marks of what they are there for. */
    add(mapping: Mapping, first: number, end: number, marks: number): void {
        let part = this.touched.get(mapping);
        if (part === undefined) {
            part = { pages: new MarkedSpace(), first, end };
            this.touched.set(mapping, part);
        }
        part.first = Math.min(part.first, first);
        part.end = Math.max(part.end, end);
        part.pages.add(first, end, marks);
    }

    /** Looks all of them up, and adds them where they belong. */
    async settle(process: VmmProcess, physical: PhysicalMemory, pace: Pace): Promise<void> {
        for (const [mapping, part] of this.touched) {
            await addCopies(process, part, pace);
            await addFilePages(process, mapping, part, pace);
            const { store, shift } = storeOf(mapping);
            const { count, first, end, marks } = part.pages.overlaid();
            for (let i = 0; i < count; i++) {
                const from = first[i] ?? 0;
                const until = end[i] ?? 0;
                const mark = marks[i] ?? 0;
                const use = mark & ~(ownCopyMark | inFileMark);
                if (use === 0) continue;
                const isCopy = (mark & ownCopyMark) !== 0;
                if (isCopy) physical.add(anonymousStore, from, until, use);
                if ((mark & inFileMark) !== 0) physical.add(store, from + shift, until + shift, isCopy ? partMark('file-under-copy') : use);
            }
        }
    }
}

async function addCopies(process: VmmProcess, part: TouchedPart, pace: Pace): Promise<void> {
    const address = (page: number) => BigInt(page) * 4096n;
    const chunks = await readChunks(pace, part.first, part.end, (from) => process.scanPagemap(address(from), address(part.end)));
    for (const { first, pages, states } of chunks ?? []) {
        for (let i = 0; i < states.length; i++) {
            const state = states[i] ?? 0;
            const page = first[i] ?? 0;
            if (isPresent(state) && !isFilePage(state)) part.pages.add(page, page + (pages[i] ?? 0), ownCopyMark);
        }
    }
}

async function addFilePages(process: VmmProcess, mapping: Mapping, part: TouchedPart, pace: Pace): Promise<void> {
    const shift = mapping.filePage - mapping.start;
    const last = part.end + shift;
    const read = (from: number) => process.readMappedFilePages(BigInt(mapping.start) * 4096n, from, last);
    for (const { first, pages, states } of (await readChunks(pace, part.first + shift, last, read)) ?? []) {
        for (let i = 0; i < states.length; i++) {
            if (presenceOf(states[i] ?? 0) === 'swapped') continue;
            const page = (first[i] ?? 0) - shift;
            part.pages.add(page, page + (pages[i] ?? 0), inFileMark);
        }
    }
}
