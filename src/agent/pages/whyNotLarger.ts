/**
 * Why KVM maps a page for the guest no larger than it does. KVM chooses the size when the guest faults; what it looks at
 * then is looked at here: how the large page would lie in the memslot, what KVM counts against it, and how large the
 * page behind it is. The reasons are about the next larger size: 2 MiB for a page of 4 KiB, 1 GiB for one of 2 MiB.
 */
import { largerPageObstacles, type LargerPageObstacle, type PageSizeName } from '../../common/model';
import { encodePageDetail, guestCopyOf, guestLevelOf, hvaPageSizeOf, isGuestExecutable, type PageDetail, type PageState } from '../../common/pageState';
import { makeMeaning, type Layer } from './layer';
import type { SlotRow } from '../details/memslots';

/** Two sets of obstacles in one word, each a bit in the order of largerPageObstacles: to 2 MiB, and above it to 1 GiB. */
export type Obstacles = number;

const setBits = largerPageObstacles.length;
const largePages = [
    { pages: 2 ** 9, shift: 0 },
    { pages: 2 ** 18, shift: setBits },
] as const;

const bit = (obstacle: LargerPageObstacle): number => 1 << largerPageObstacles.indexOf(obstacle);
const toBoth = (obstacle: LargerPageObstacle): Obstacles => bit(obstacle) | (bit(obstacle) << setBits);
const toThoseOf = (obstacle: LargerPageObstacle, isAgainst: (pages: number) => boolean): Obstacles =>
    largePages.reduce((set, { pages, shift }) => set | (isAgainst(pages) ? bit(obstacle) << shift : 0), 0);

/** Of a stretch of a memslot, for the sweep. */
export interface LargerPages {
    /** What is against them throughout, by the attribute: its copy may lie differently within a large page. */
    readonly obstacles: { readonly private: Obstacles; readonly shared: Obstacles };
    /** What KVM counts against them, region by region (countedMeaning); null where that adds nothing or is not known. */
    readonly counted: Layer | null;
    /** False where there may be obstacles that could not be read. */
    readonly complete: boolean;
    /** Of the guest_memfd's pages; null when not known. */
    readonly guestMemfdPageSize: PageSizeName | null;
    /** KVM lets the guest execute pages of 4 KiB alone. */
    readonly nxHugePages: boolean;
}

/** Bits of the addon's states, the same again above them for 1 GiB. */
const mixed = 1;
const counted = 2;
const stateBits = 2;

/** Of the addon's large page obstacles: the details are Obstacles. */
export const countedMeaning = makeMeaning(
    0,
    () => 0,
    (state) =>
        largePages.reduce((set, { shift }, index) => {
            const found = state >> (index * stateBits);
            const obstacles = ((found & mixed) !== 0 ? bit('mixed-attributes') : 0) | ((found & counted) !== 0 ? bit('disallowed') : 0);
            return set | (obstacles << shift);
        }, 0),
);

/** What is against large pages everywhere in a memslot. */
export function obstaclesOf(slot: SlotRow): LargerPages['obstacles'] {
    const liesApart = (page: number) => toThoseOf('misaligned', (pages) => (slot.gfn - page) % pages !== 0);
    // KVM looks at the HVA also where the guest uses the guest_memfd.
    const shared = liesApart(slot.hvaPage) | (slot.logsDirtyPages ? toBoth('dirty-logging') : 0);
    const ofGuestMemfd = slot.hasGuestMemfd ? liesApart(slot.gmemPage) : 0;
    return { private: shared | ofGuestMemfd, shared: shared | (slot.gmemOnly ? ofGuestMemfd : 0) };
}

/** The gfns of a slot where no region of 2 MiB reaches over its edge: only for these KVM's counts say anything new. */
export function wholeRegions(slot: SlotRow): { readonly gfn: number; readonly end: number } {
    const [{ pages }] = largePages;
    return { gfn: Math.ceil(slot.gfn / pages) * pages, end: Math.floor(slot.end / pages) * pages };
}

interface Part {
    /** [gfn, end) */
    readonly gfn: number;
    readonly end: number;
    readonly largerPages: LargerPages | null;
}

/** Cuts a part of a slot where large pages begin and cease to reach over the slot's edge. */
export function* cutAtEdges<T extends Part>(slot: SlotRow, part: T): Generator<T> {
    const { gfn, end, largerPages } = part;
    if (largerPages === null) {
        yield part;
        return;
    }
    const cuts = largePages.flatMap(({ pages }) => [Math.ceil(slot.gfn / pages) * pages, Math.floor(slot.end / pages) * pages]);
    let at = gfn;
    for (const cut of [...cuts.filter((each) => gfn < each && each < end), end].sort((a, b) => a - b)) {
        if (cut === at) continue;
        yield { ...part, gfn: at, end: cut, largerPages: { ...largerPages, obstacles: withEdges(largerPages.obstacles, slot, at) } };
        at = cut;
    }
}

function withEdges(obstacles: LargerPages['obstacles'], slot: SlotRow, gfn: number): LargerPages['obstacles'] {
    const edge = toThoseOf('slot-edge', (pages) => {
        const first = Math.floor(gfn / pages) * pages;
        return first < slot.gfn || first + pages > slot.end;
    });
    return { private: obstacles.private | edge, shared: obstacles.shared | edge };
}

const oneSet = (1 << setBits) - 1;
const hostPage = bit('host-page');
const disallowed = bit('disallowed');
const nxHugePages = bit('nx-huge-pages');
/** KVM counts these, too. */
const countedByKvm = bit('misaligned') | bit('slot-edge');

/** By the set of obstacles. */
const details = Uint32Array.from({ length: oneSet + 1 }, (_, set) =>
    encodePageDetail({ whyNotLarger: largerPageObstacles.filter((obstacle) => (set & bit(obstacle)) !== 0) }),
);
const nothingKnown: PageDetail = 0;

/** `obstacles` are those of the stretch and those that KVM counts there. */
export function whyNotLarger(state: PageState, detail: PageDetail, obstacles: Obstacles, larger: LargerPages): PageDetail {
    const level = guestLevelOf(state);
    if (level === null || level === 'none') return nothingKnown;
    if (level === '1G') return details[0] ?? nothingKnown;
    let set = (level === '4K' ? obstacles : obstacles >> setBits) & oneSet;
    if ((set & countedByKvm) !== 0) set &= ~disallowed;
    const behind = pageSizeBehind(state, detail, larger);
    if (behind === level || behind === '4K') set |= hostPage;
    if (set !== 0) return details[set] ?? nothingKnown;
    if (behind === null || !larger.complete) return nothingKnown;
    // Any page of 4 KiB may be executed; where nothing else is against a large one, it is small for that.
    return details[larger.nxHugePages && level === '4K' && isGuestExecutable(detail) ? nxHugePages : 0] ?? nothingKnown;
}

/** Of the copy that the guest uses. */
function pageSizeBehind(state: PageState, detail: PageDetail, larger: LargerPages): PageSizeName | null {
    const copy = guestCopyOf(detail);
    if (copy === 'none') return null;
    return copy === 'hva' ? hvaPageSizeOf(state) : larger.guestMemfdPageSize;
}

/** The guest maps a page there, and of what may be against a larger one something is not known. */
export function lacksReasons(state: PageState, detail: PageDetail): boolean {
    const level = guestLevelOf(state);
    if (level === null || level === 'none' || level === '1G') return false;
    return (detail & (details[0] ?? 0)) === 0 || (guestCopyOf(detail) === 'hva' && hvaPageSizeOf(state) === null);
}
