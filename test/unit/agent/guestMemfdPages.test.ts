import assert from 'node:assert/strict';
import type { PageCacheChunk } from '../../../native/index';
import { surveyPages } from '../../../src/agent/guestMemfd/guestMemfdPages';
import { Pace } from '../../../src/agent/pace';

describe('the pages of a guest_memfd', () => {
    /** Of a guest_memfd of 2^20 pages in which these are walked. */
    const survey = (walked: PageCacheChunk | null) => surveyPages(2 ** 20, () => walked, new Pace(new AbortController().signal));

    /** Runs of [first, pages, presence, node]. */
    const chunk = (runs: readonly (readonly [number, number, number, number | null])[], folioOrders: readonly number[] | null): PageCacheChunk => ({
        first: Float64Array.from(runs, ([first]) => first),
        pages: Float64Array.from(runs, ([, pages]) => pages),
        states: Uint8Array.from(runs, ([, , presence, node]) => presence | (node === null ? 0 : (node + 1) << 2)),
        next: null,
        folioOrders: folioOrders === null ? null : Float64Array.from(folioOrders),
    });

    it('are counted in one walk: never more are prepared than allocated', async () => {
        const pages = await survey(chunk([[0, 3, 2, 0], [4, 2, 1, 0]], [5]));
        assert.deepEqual([pages?.allocated, pages?.prepared], [5, 3]);
    });

    it('are nobody’s when its fd was closed meanwhile', async () => {
        assert.equal(await survey(null), null);
    });

    it('are summed up by the size of their folios', async () => {
        const pages = await survey(chunk([[0, 600, 2, 0]], [88, 0, 0, 0, 0, 0, 0, 0, 0, 512]));
        assert.deepEqual(pages?.folios, [
            { pageSize: '0x1000', size: '0x58000' },
            { pageSize: '0x200000', size: '0x200000' },
        ]);
        assert.equal((await survey(chunk([[0, 1, 2, 0]], null)))?.folios, null);
    });

    it('are in ranges of one node, which reach over holes', async () => {
        const pages = await survey(chunk([[0, 2, 2, 0], [4, 2, 1, 0], [6, 1, 2, 1], [7, 1, 2, 0], [20, 3, 2, 0]], [9]));
        assert.deepEqual(pages?.nodes, [
            { node: 0, offset: '0x0', size: '0x6000' },
            { node: 1, offset: '0x6000', size: '0x1000' },
            { node: 0, offset: '0x7000', size: '0x10000' },
        ]);
    });

    const reasonOf = async (walked: PageCacheChunk) => {
        const nodes = (await survey(walked))?.nodes;
        return typeof nodes === 'string' ? nodes : assert.fail('the nodes are told');
    };

    it('have no ranges of nodes, but a reason, where a node is not told or every page has another one', async () => {
        assert.match(await reasonOf(chunk([[0, 2, 2, 0], [2, 1, 2, null]], [3])), /does not tell/);
        const alternating = Array.from({ length: 20_000 }, (_, page) => [page, 1, 2, page % 2] as const);
        assert.match(await reasonOf(chunk(alternating, [20_000])), /the page map tells/);
    });
});
