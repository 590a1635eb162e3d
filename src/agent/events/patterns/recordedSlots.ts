/** The memslots of a recorded VM, as the events change them. */
import type { SlotRow } from '../../details/memslots';

interface Index {
    /** Of each address space, by gfn; they never overlap there. */
    readonly byGfn: readonly (readonly SlotRow[])[];
    readonly byInode: ReadonlyMap<number, readonly SlotRow[]>;
    /** Of address space 0, by HVA, where they may overlap. */
    readonly byHva: readonly SlotRow[];
}

export class RecordedSlots {
    /** By address space and id. */
    private readonly slots = new Map<number, SlotRow>();
    /** Made again at the first look after a change: a VMM sets many memslots in a row. */
    private made: Index | undefined;
    private last: SlotRow | undefined;

    constructor(slots: readonly SlotRow[]) {
        for (const slot of slots) this.set(slot);
    }

    of(addressSpace: number, id: number): SlotRow | undefined {
        return this.slots.get(keyOf(addressSpace, id));
    }

    /** The memslot that holds a gfn of address space 0. */
    at(gfn: number): SlotRow | undefined {
        const { last } = this;
        if (last !== undefined && gfn >= last.gfn && gfn < last.end) return last;
        const [slot] = this.overlapping(0, gfn, gfn + 1);
        if (slot !== undefined) this.last = slot;
        return slot;
    }

    overlapping(addressSpace: number, gfn: number, end: number): SlotRow[] {
        const slots = this.index.byGfn[addressSpace] ?? [];
        const found: SlotRow[] = [];
        for (let i = firstEndingAfter(slots, gfn); i < slots.length; i++) {
            const slot = slots[i];
            if (slot === undefined || slot.gfn >= end) break;
            found.push(slot);
        }
        return found;
    }

    /** Those bound to a guest_memfd. */
    boundTo(inode: number): readonly SlotRow[] {
        return this.index.byInode.get(inode) ?? [];
    }

    /** Those of address space 0, by HVA. */
    get byHva(): readonly SlotRow[] {
        return this.index.byHva;
    }

    /** A memslot as it is from now on; one of no pages is removed. */
    set(slot: SlotRow): void {
        const key = keyOf(slot.addressSpace, slot.id);
        if (slot.end > slot.gfn) this.slots.set(key, slot);
        else this.slots.delete(key);
        this.made = undefined;
        this.last = undefined;
    }

    private get index(): Index {
        return (this.made ??= makeIndex([...this.slots.values()]));
    }
}

const keyOf = (addressSpace: number, id: number): number => addressSpace * 65_536 + id;

function makeIndex(slots: readonly SlotRow[]): Index {
    const byGfn: SlotRow[][] = [];
    const byInode = new Map<number, SlotRow[]>();
    for (const slot of [...slots].sort((a, b) => a.gfn - b.gfn)) {
        (byGfn[slot.addressSpace] ??= []).push(slot);
        if (slot.gmemInode !== null) byInode.set(slot.gmemInode, [...(byInode.get(slot.gmemInode) ?? []), slot]);
    }
    return { byGfn, byInode, byHva: (byGfn[0] ?? []).toSorted((a, b) => a.hvaPage - b.hvaPage) };
}

function firstEndingAfter(slots: readonly SlotRow[], gfn: number): number {
    let low = 0;
    let high = slots.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((slots[middle]?.end ?? 0) <= gfn) low = middle + 1;
        else high = middle;
    }
    return low;
}
