import assert from 'node:assert/strict';
import { RowLayout, type Grid } from '../../src/webview/layout/rowLayout';
import { firstEndingAfter, trimToOccupied } from '../../src/webview/tiles/mapModel';
import { fitLevel, fittedGrid, gridAt } from '../../src/webview/layout/rowZoom';
import { moveCursor } from '../../src/webview/view/cursor';
import { PageRunsBuilder } from '../../src/common/pageRuns';
import { lastGfn, makeModel, makeRandomModel } from '../support/madeModels';

const grid = (cellPages: number, columns = 16): Grid => ({ cellPages, columns, cellWidth: 10, cellHeight: 8, stripHeight: 18 });

describe('the layout of the map', () => {
    it('shows every occupied page once, and leads back from its place to the page', () => {
        for (let seed = 1; seed <= 20; seed++) {
            const model = makeRandomModel(seed);
            for (const cellPages of [1, 4, 64]) {
                const layout = new RowLayout(grid(cellPages), model.extents, model.slots);
                const seen = new Set<number>();
                for (const { start, end } of model.extents) {
                    for (let gfn = start; gfn < end; gfn++) {
                        const cell = layout.cellOf(gfn);
                        seen.add(cell);
                        const extent = layout.extentOf(cell);
                        assert.ok(extent.start <= gfn && gfn < extent.end, `gfn ${gfn} is in its cell`);
                        const { x, y } = layout.placeOf(cell);
                        assert.deepEqual(layout.cellAt(x + 5, y + 4), { cell, inside: true });
                        assert.ok(y >= 0 && y + 8 <= layout.height);
                    }
                }
                const places = [...seen].map((cell) => JSON.stringify(layout.placeOf(cell)));
                assert.equal(new Set(places).size, seen.size, 'no two cells share a place');
            }
        }
    });

    it('leaves out exactly the rows without an occupied page, and names each gap', () => {
        for (let seed = 1; seed <= 20; seed++) {
            const model = makeRandomModel(seed);
            const layout = new RowLayout(grid(2), model.extents, model.slots);
            const shown = [...layout.rowsBetween(0, layout.height)].map((row) => row.start);
            const expected = new Set<number>();
            for (const { start, end } of model.extents) {
                for (let row = Math.floor(start / 32); row * 32 < end; row++) expected.add(row * 32);
            }
            assert.deepEqual(shown, [...expected]);
            for (const { gap } of layout.segments) {
                if (gap === null) continue;
                assert.equal(trimToOccupied(model, gap), null, 'nothing lies in a gap');
                assert.ok(model.extents.some((extent) => extent.start === gap.end));
            }
        }
    });

    it('gives the rows in sight, from any place, as a slice of all rows', () => {
        const model = makeRandomModel(3);
        const layout = new RowLayout(grid(1), model.extents, model.slots);
        const all = [...layout.rowsBetween(0, layout.height)];
        for (let top = 0; top < layout.height; top += 7) {
            const bottom = top + 100;
            const wanted = all.filter((row) => row.y < bottom && row.y + 8 > top).map((row) => row.start);
            const got = [...layout.rowsBetween(top, bottom)].map((row) => row.start);
            // The first row of a segment whose strips alone are in sight may come as well.
            assert.deepEqual(got.slice(0, wanted.length), wanted);
            assert.ok(got.length <= wanted.length + 1);
        }
    });

    it('has a strip above each row in which a slot starts', () => {
        const model = makeModel([{ id: 0, start: 0, pages: 16 }, { id: 1, start: 16, pages: 40 }, { id: 2, start: 1024, pages: 4 }], new PageRunsBuilder().build());
        const layout = new RowLayout(grid(1), model.extents, model.slots);
        const rows = [...layout.rowsBetween(0, layout.height)].map(({ start, y }) => [start, y]);
        assert.deepEqual(rows, [[0, 18], [16, 44], [32, 52], [48, 60], [1024, 104]]);
        assert.deepEqual(layout.segments.at(-1)?.gap, { start: 56, end: 1024 });
    });

    it('fits any guest into the panel, at the lowest level that does', () => {
        const viewport = { width: 900, height: 500, ratio: 1 };
        const huge = makeModel([{ id: 0, start: 0, pages: 2 ** 18 }, { id: 1, start: 2 ** 20, pages: 2 ** 28 }, { id: 2, start: 2 ** 51, pages: 1 }], new PageRunsBuilder().build());
        for (const model of [huge, ...[1, 2, 3, 4].map(makeRandomModel)]) {
            const level = fitLevel(viewport, model.extents, model.slots);
            const heightAt = (at: number) => new RowLayout(gridAt(at, viewport), model.extents, model.slots).height;
            assert.ok(heightAt(level) <= viewport.height);
            assert.ok(level === -1 || heightAt(level - 1) > viewport.height, 'one level lower does not fit');
            const stretched = new RowLayout(fittedGrid(level, viewport, model.extents, model.slots), model.extents, model.slots);
            assert.ok(stretched.height <= viewport.height && stretched.height >= heightAt(level));
        }
    });

    it('is empty without memslots', () => {
        const layout = new RowLayout(grid(1), [], []);
        assert.equal(layout.height, 0);
        assert.deepEqual([...layout.rowsBetween(0, 100)], []);
        assert.equal(layout.cellAt(5, 5), null);
    });
});

describe('selecting', () => {
    it('cuts gaps off both ends', () => {
        for (let seed = 1; seed <= 20; seed++) {
            const model = makeRandomModel(seed);
            const occupied = (gfn: number) => (model.extents[firstEndingAfter(model.extents, gfn)]?.start ?? Infinity) <= gfn;
            const last = lastGfn(model);
            for (let start = 0; start < last; start += 37) {
                const range = { start, end: start + 211 };
                const pages = Array.from({ length: 211 }, (_, i) => start + i).filter(occupied);
                const first = pages[0];
                const expected = first === undefined ? null : { start: first, end: (pages.at(-1) ?? 0) + 1 };
                assert.deepEqual(trimToOccupied(model, range), expected);
            }
        }
    });
});

describe('the cursor', () => {
    const model = makeModel([{ id: 0, start: 0, pages: 40 }, { id: 1, start: 1000, pages: 40 }], new PageRunsBuilder().build());
    const layout = new RowLayout(grid(1), model.extents, model.slots);
    const world = { model, layout, rowsInSight: 3, highlight: new Set<number>() };
    const check = (from: number, by: 'cell' | 'row' | 'screen' | 'rowEdge' | 'mapEdge', direction: 1 | -1, to: number) =>
        it(`goes from ${from} by one ${by} ${direction > 0 ? 'on' : 'back'} to ${to}`, () => {
            assert.equal(moveCursor(world, from, { type: 'move', by, direction, extend: false }), to);
        });
    check(3, 'cell', 1, 4);
    check(0, 'cell', -1, 0);
    check(3, 'row', 1, 19);
    check(47, 'cell', 1, 992); // Over the gap, to the row that holds gfn 1000.
    check(35, 'row', 1, 995);
    check(3, 'screen', 1, 35);
    check(995, 'screen', -1, 19);
    check(19, 'rowEdge', 1, 31);
    check(19, 'rowEdge', -1, 16);
    check(19, 'mapEdge', 1, 1039);
    check(1000, 'mapEdge', -1, 0);
});
