/**
 * An attribute store, the VM's or that of a guest_memfd, as one layer. The kernel changes it while it is walked: a walk
 * counts as one state when the VM's invalidation sequence stood still and no change was under way, or when two walks, at
 * whose ends no attributes were being set, found the same. That two found the same is not enough: the kernel may rest in the
 * middle of a change, and both then find that middle. The sequence moves only where a memslot is, so between the memslots
 * (and where none is bound to the guest_memfd) the second walk is always made; there is rarely anything there.
 */
import type { AttributeChunk } from '../../../native/index';
import { errors } from '../../common/errors';
import { readChunks } from './chunks';
import type { HeldGuestMemfd } from '../guestMemfd/guestMemfds';
import { makeLayer, makeMeaning, type Layer } from './layer';
import type { SlotRow } from '../details/memslots';
import type { Pace } from '../pace';
import { Cursor } from './pageStates';
import { stateBits } from './stateBits';
import type { OpenVm } from '../discovery/vmDirectory';

/** KVM_MEMORY_ATTRIBUTE_PRIVATE */
export const privateAttribute = 8;

/** One past the largest gfn: guest physical addresses have at most 52 bits on x86, and KVM's check allows 64. */
export const gfnLimit = 2 ** 52;

const attempts = 4;

/** Of attributes as the kernel keeps them. */
export const attributeMeaning = makeMeaning(stateBits({ attribute: 'shared' }), (value) =>
    stateBits({ attribute: (value & privateAttribute) === 0 ? 'shared' : 'private' }),
);

export interface AttributeWalk {
    readonly layer: Layer;
    readonly consistent: boolean;
}

type Place = Pick<OpenVm, 'id' | 'process' | 'fd'>;
/** Page numbers of the store, which are gfns or pages of a guest_memfd. */
type Gap = Pick<SlotRow, 'gfn' | 'end'>;

interface Store {
    readonly vmId: string;
    /** Null when what has the store is gone. */
    readonly read: (first: number, end: number) => AttributeChunk | null;
}

/** Attributes of gfns [first, end); `slots` are those of all address spaces, in any order. */
export function walkAttributes(
    vm: Place,
    first: number,
    end: number,
    slots: readonly Gap[],
    pace: Pace,
): Promise<AttributeWalk> {
    const read = (from: number, to: number) => vm.process.readAttributes(vm.fd, from, to);
    return walkStore({ vmId: vm.id, read }, first, end, slots, pace);
}

/** Attributes of pages [first, end) of a guest_memfd that has a store of its own. */
export function walkGuestMemfdAttributes(
    vmId: string,
    { source, record }: HeldGuestMemfd,
    first: number,
    end: number,
    pace: Pace,
): Promise<AttributeWalk> {
    const read = (from: number, to: number) => source.process.readGuestMemfdAttributes(source.fd, from, to);
    const bound = record.bindings.map((binding) => ({ gfn: binding.first, end: binding.first + binding.pages }));
    return walkStore({ vmId, read }, first, end, bound, pace);
}

/** Where `slots` are, the store's stamps tell of every change. */
async function walkStore(
    store: Store,
    first: number,
    end: number,
    slots: readonly Gap[],
    pace: Pace,
): Promise<AttributeWalk> {
    const gaps = gapsBetween(slots, first, end);
    let previous: Layer | undefined;
    for (let attempt = 1; ; attempt++) {
        const { layer, settled, stood } = await walkOnce(store, first, end, pace);
        if (stood && (await sameAgain(store, layer, gaps, pace))) return { layer, consistent: true };
        if (settled && previous !== undefined && agree(previous, layer, first, end)) return { layer, consistent: true };
        if (attempt === attempts) return { layer, consistent: false };
        previous = settled ? layer : undefined;
    }
}

async function walkOnce({ vmId, read }: Store, first: number, end: number, pace: Pace) {
    const chunks = await readChunks(pace, first, end, (from) => read(from, end));
    if (chunks === null) throw errors.vmGone(vmId);
    const runs = chunks.map(({ gfns, pages, values }) => ({ first: gfns, pages, states: values }));
    const settled = chunks.every((chunk) => chunk.settled);
    const stood = chunks.every(({ quiet, sequence }) => quiet && sequence === chunks[0]?.sequence);
    return { layer: makeLayer(runs, 0, attributeMeaning), settled, stood };
}

async function sameAgain(store: Store, layer: Layer, gaps: readonly Gap[], pace: Pace): Promise<boolean> {
    for (const { gfn, end } of gaps) {
        const again = await walkOnce(store, gfn, end, pace);
        if (!again.settled || !agree(layer, again.layer, gfn, end)) return false;
    }
    return true;
}

/** One walk of everything costs less than this many of single gaps. */
const mostGaps = 64;

function gapsBetween(slots: readonly Gap[], first: number, end: number): readonly Gap[] {
    const gaps: Gap[] = [];
    let at = first;
    for (const slot of [...slots].sort((a, b) => a.gfn - b.gfn)) {
        if (at < Math.min(slot.gfn, end)) gaps.push({ gfn: at, end: Math.min(slot.gfn, end) });
        at = Math.max(at, slot.end);
    }
    if (at < end) gaps.push({ gfn: at, end });
    return gaps.length > mostGaps ? [{ gfn: first, end }] : gaps;
}

/** Both say the same of [first, end), however their runs are cut. */
function agree(a: Layer, b: Layer, first: number, end: number): boolean {
    const cursors = [new Cursor(a, first), new Cursor(b, first)] as const;
    for (let at = first; at < end; at = Math.min(cursors[0].until, cursors[1].until)) {
        for (const cursor of cursors) cursor.moveTo(at);
        if (cursors[0].bits !== cursors[1].bits) return false;
    }
    return true;
}
