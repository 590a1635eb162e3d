/**
 * Physical pages that a VM takes, each in its store: a process's anonymous memory by page number of the HVA, a file or a
 * guest_memfd by page index. However many memslots, mappings and address spaces lead to a page, it is counted once.
 */
import { pageParts, type PagePart } from '../../common/memoryAccount';
import type { Mapping } from '../discovery/processMaps';
import { isGuestMemfdPath } from '../discovery/processes';
import { MarkedSpace } from './markedPages';

/** The lower a part's bit, the more it counts for a page that has several. */
export const partMark = (part: PagePart): number => 1 << pageParts.indexOf(part);
const partMarks = (1 << pageParts.length) - 1;
/** The VMM's page table has it. */
export const mappedMark = 1 << pageParts.length;

export const anonymousStore = 'anonymous';
export const guestMemfdStore = (inode: number): string => `guest_memfd ${inode}`;

/** Where a file mapping's pages are kept, and what to add to a page number of the HVA for their index there. */
export function storeOf(mapping: Mapping): { readonly store: string; readonly shift: number } {
    const { device, inode, path, filePage, start } = mapping;
    if (inode === 0) return { store: anonymousStore, shift: 0 };
    const shift = filePage - start;
    if (isGuestMemfdPath(path)) return { store: guestMemfdStore(inode), shift };
    // All files of KVM and its like have one inode.
    return { store: path.startsWith('anon_inode:') ? `mapping ${start}` : `file ${device} ${inode}`, shift };
}

export interface PhysicalTotals {
    /** Pages. */
    readonly parts: ReadonlyMap<PagePart, number>;
    /** Pages that no page table of the VMM has. */
    readonly notMapped: number;
    /** Entries of the VMM's page table beyond the first for a page. */
    readonly mappedAgain: number;
    /** Entries of the VMM's page table: what its RSS and its hugetlb pages count. */
    readonly entries: number;
}

export class PhysicalMemory {
    private readonly stores = new Map<string, MarkedSpace>();
    /** By page number of the HVA: two memslots may have the same. */
    private readonly pageTable = new MarkedSpace();

    add(store: string, first: number, end: number, marks: number): void {
        let space = this.stores.get(store);
        if (space === undefined) {
            space = new MarkedSpace();
            this.stores.set(store, space);
        }
        space.add(first, end, marks);
    }

    addPageTableEntries(first: number, end: number): void {
        this.pageTable.add(first, end, mappedMark);
    }

    totals(): PhysicalTotals {
        const parts = new Map<PagePart, number>(pageParts.map((part) => [part, 0]));
        let all = 0;
        let mapped = 0;
        for (const space of this.stores.values()) {
            const { count, first, end, marks } = space.overlaid();
            for (let i = 0; i < count; i++) {
                const pages = (end[i] ?? 0) - (first[i] ?? 0);
                const mark = marks[i] ?? 0;
                const part = firstPart(mark);
                if (part === undefined) continue;
                parts.set(part, (parts.get(part) ?? 0) + pages);
                all += pages;
                if ((mark & mappedMark) !== 0) mapped += pages;
            }
        }
        const { count, first, end } = this.pageTable.overlaid();
        let entries = 0;
        for (let i = 0; i < count; i++) entries += (end[i] ?? 0) - (first[i] ?? 0);
        return { parts, notMapped: all - mapped, mappedAgain: entries - mapped, entries };
    }
}

function firstPart(marks: number): PagePart | undefined {
    const own = marks & partMarks;
    return own === 0 ? undefined : pageParts[31 - Math.clz32(own & -own)];
}
