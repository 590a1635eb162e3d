/** What the pages of a guest_memfd come to: how many there are, in folios of which size, on which NUMA nodes. */
import type { PageCacheChunk } from '../../../native/index';
import { toHex } from '../../common/address';
import type { GuestMemfd } from '../../common/model';
import { readChunks } from '../pages/chunks';
import type { Pace } from '../pace';
import { nodeOf, presenceOf } from '../pages/pageCacheState';

export interface GuestMemfdPages {
    readonly allocated: number;
    readonly prepared: number;
    readonly folios: GuestMemfd['folios'];
    /** A reason when they are not told. */
    readonly nodes: NonNullable<GuestMemfd['nodes']> | string;
}

/** An interleaved guest_memfd has a range for every page, which nobody reads: the map has them. */
const mostNodeRanges = 10_000;

const bytes = (pages: number) => toHex(BigInt(pages) * 4096n);

/**
 * Of pages [0, end): those that are there, and those of them that are up to date. Both from one walk, for the guest goes
 * on: of two looks the second could find more pages prepared than the first found at all. Null when what was read by was
 * closed meanwhile.
 */
export async function surveyPages(
    end: number,
    read: (first: number, end: number) => PageCacheChunk | null,
    pace: Pace,
): Promise<GuestMemfdPages | null> {
    const chunks = await readChunks(pace, 0, end, (from) => read(from, end));
    if (chunks === null) return null;
    let allocated = 0;
    let prepared = 0;
    const nodes = new NodeRanges();
    for (const { first, pages, states } of chunks) {
        for (let i = 0; i < states.length; i++) {
            const state = states[i] ?? 0;
            const count = pages[i] ?? 0;
            allocated += count;
            if (presenceOf(state) === 'prepared') prepared += count;
            nodes.add(first[i] ?? 0, count, nodeOf(state));
        }
    }
    return { allocated, prepared, folios: sumOrders(chunks.map(({ folioOrders }) => folioOrders)), nodes: nodes.list() };
}

function sumOrders(chunks: readonly (Float64Array | null)[]): GuestMemfd['folios'] {
    const pages: number[] = [];
    for (const orders of chunks) {
        if (orders === null) return null;
        orders.forEach((count, order) => (pages[order] = (pages[order] ?? 0) + count));
    }
    return pages.flatMap((count, order) => (count === 0 ? [] : [{ pageSize: bytes(2 ** order), size: bytes(count) }]));
}

/** Ranges that reach over holes, but not over a page of another node. */
class NodeRanges {
    private readonly ranges: { readonly node: number; readonly first: number; end: number }[] = [];
    private isUnknown = false;

    add(first: number, pages: number, node: number | null): void {
        const last = this.ranges.at(-1);
        if (node === null) this.isUnknown = true;
        else if (last?.node === node) last.end = first + pages;
        else if (this.ranges.length <= mostNodeRanges) this.ranges.push({ node, first, end: first + pages });
    }

    list(): GuestMemfdPages['nodes'] {
        if (this.isUnknown) return 'the kernel does not tell the NUMA node of a page in its flags, or it is above 62';
        if (this.ranges.length > mostNodeRanges) {
            return `its pages change from node to node in more than ${mostNodeRanges} places; the page map tells the node of each`;
        }
        return this.ranges.map(({ node, first, end }) => ({ node, offset: bytes(first), size: bytes(end - first) }));
    }
}
