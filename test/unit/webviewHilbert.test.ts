import assert from 'node:assert/strict';
import { tileCells } from '../../src/common/mapTiles';
import { moveCursor, type Step } from '../../src/webview/view/cursor';
import { curvePlace, curvePosition } from '../../src/webview/layout/hilbertCurve';
import { HilbertLayout, makeChunks } from '../../src/webview/layout/hilbertLayout';
import { fitLevel, fittedLayout, layoutAt } from '../../src/webview/layout/hilbertZoom';
import { makeRandomModel } from '../support/madeModels';

describe('the Hilbert curve', () => {
    it('goes to each place of the square once, step by step', () => {
        for (const order of [0, 1, 2, 3, 5]) {
            const places = Array.from({ length: 4 ** order }, (_, position) => curvePlace(order, position));
            assert.equal(new Set(places.map(({ x, y }) => `${x} ${y}`)).size, places.length);
            places.forEach((place, position) => {
                assert.equal(curvePosition(order, place), position);
                const before = places[position - 1];
                if (before !== undefined) assert.equal(Math.abs(place.x - before.x) + Math.abs(place.y - before.y), 1);
            });
        }
    });

    it('is only refined by a higher order', () => {
        for (let position = 0; position < 4 ** 5; position++) {
            const [coarse, fine] = [curvePlace(4, Math.floor(position / 4)), curvePlace(5, position)];
            assert.deepEqual({ x: Math.floor(fine.x / 2), y: Math.floor(fine.y / 2) }, coarse);
        }
    });

    it('has places beyond 32 bits', () => {
        const position = 4 ** 22 + 12_345_678_901;
        assert.equal(curvePosition(24, curvePlace(24, position)), position);
    });
});

describe('the layout along the Hilbert curve', () => {
    it('shows every occupied page once, and leads back from its place to the page', () => {
        for (let seed = 1; seed <= 10; seed++) {
            const { extents } = makeRandomModel(seed);
            const chunks = makeChunks(extents);
            const levels = [0, 2, 4].filter((level) => 2 ** level <= chunks.chunkPages);
            for (const level of levels) {
                const layout = new HilbertLayout(chunks, level, 10);
                const seen = new Set<number>();
                for (const { start, end } of extents) {
                    for (let gfn = start; gfn < end; gfn++) {
                        const cell = layout.cellOf(gfn);
                        seen.add(cell);
                        const extent = layout.extentOf(cell);
                        assert.ok(extent.start <= gfn && gfn < extent.end, `gfn ${gfn} is in its cell`);
                        const { x, y } = layout.placeOf(cell);
                        assert.deepEqual(layout.cellAt(x + 5, y + 5), { cell, inside: true });
                        assert.ok(x + 10 <= layout.width && y + 10 <= layout.height);
                    }
                }
                assert.equal(new Set([...seen].map((cell) => JSON.stringify(layout.placeOf(cell)))).size, seen.size);
            }
        }
    });

    it('makes patches of just the cells that lie there, from the tiles that have them', () => {
        for (const extents of [[{ start: 0, end: 700 }, { start: 1 << 20, end: (1 << 20) + 40_000 }], makeRandomModel(3).extents]) {
            const layout = new HilbertLayout(makeChunks(extents), 0, 10);
            const seen = new Set<number>();
            for (const patch of layout.patchesIn({ left: 0, top: 0, right: layout.width, bottom: layout.height })) {
                let index = 0;
                for (const { tile, first, cells } of patch.pieces) {
                    for (let i = 0; i < cells; i++, index++) {
                        const gfn = tile * tileCells + first + i;
                        const place = patch.places?.[index] ?? index;
                        const x = patch.x + (place % patch.columns) * 10;
                        const y = patch.y + Math.floor(place / patch.columns) * 10;
                        assert.deepEqual({ x, y }, layout.placeOf(layout.cellOf(gfn)), `gfn ${gfn}`);
                        seen.add(gfn);
                    }
                }
            }
            assert.equal(seen.size, layout.cells);
        }
    });

    it('leaves gaps out, however large', () => {
        const tib = 2 ** 28;
        const { chunkPages, pages, stretches } = makeChunks([{ start: 0, end: tib }, { start: 2 ** 51, end: 2 ** 51 + 1 }]);
        assert.deepEqual([stretches.length, pages], [2, tib + chunkPages]);
    });

    it('fits any guest into the panel, at the lowest level that does', () => {
        const viewport = { width: 900, height: 500, ratio: 1.5 };
        for (const extents of [[{ start: 0, end: 2 ** 28 }], [{ start: 0, end: 1 }], ...[1, 2, 3].map((seed) => makeRandomModel(seed).extents)]) {
            const chunks = makeChunks(extents);
            const layout = fittedLayout(chunks, viewport);
            assert.ok(layout.width <= viewport.width && layout.height <= viewport.height);
            const level = fitLevel(chunks, viewport);
            if (level > 0) assert.ok(layoutAt(level - 2, chunks, viewport).height > viewport.height || layoutAt(level - 2, chunks, viewport).width > viewport.width);
        }
    });

    it('lets the cursor go where the keys point', () => {
        const layout = new HilbertLayout(makeChunks([{ start: 0, end: 4096 }]), 0, 10);
        const move = (gfn: number, by: Step['by'], direction: 1 | -1) => {
            const to = moveCursor({ layout, rowsInSight: 5 }, gfn, { type: 'move', by, direction, extend: false });
            const [a, b] = [layout.placeOf(layout.cellOf(gfn)), layout.placeOf(layout.cellOf(to))];
            return [(b.x - a.x) / 10, (b.y - a.y) / 10];
        };
        assert.deepEqual(move(1234, 'cell', 1), [1, 0]);
        assert.deepEqual(move(1234, 'row', -1), [0, -1]);
        assert.deepEqual(move(1234, 'screen', 1), [0, 4]);
        assert.deepEqual(move(0, 'cell', -1), [0, 0]);
        assert.deepEqual(move(0, 'rowEdge', 1), [63, 0]);
        assert.deepEqual(move(0, 'mapEdge', 1), [0, 63]);
    });
});
