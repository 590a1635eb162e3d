import assert from 'node:assert/strict';
import { tileCells, tilePages, type MapTile } from '../../src/common/mapTiles';
import { nothingClass } from '../../src/webview/drawing/cellMix';
import { TileCache, type TileRequest } from '../../src/webview/tiles/tileCache';

/** Every cell full of one class. */
const uniform = (level: number, index: number, mapClass: number): MapTile => ({
    level,
    index,
    offsets: Uint32Array.from({ length: tileCells + 1 }, (_, i) => i),
    classes: new Uint8Array(tileCells).fill(mapClass),
    pages: new Float64Array(tileCells).fill(2 ** level),
});

describe('the tiles of the page map', () => {
    let asked: TileRequest[];
    let cache: TileCache;
    beforeEach(() => {
        asked = [];
        cache = new TileCache((request) => asked.push(request));
        cache.setGeneration(1, null, false);
    });

    it('are asked for once, few at a time, the first ones first', () => {
        const wanted = Array.from({ length: 100 }, (_, i) => i);
        cache.request('state', 3, wanted);
        cache.request('state', 3, wanted);
        assert.equal(asked.length, 1);
        const first = asked[0]?.tiles ?? [];
        assert.ok(first.length < 100);
        assert.deepEqual(first, wanted.slice(0, first.length));
        cache.receive(1, 'state', first.map((index) => uniform(3, index, 1)));
        cache.request('state', 3, wanted);
        assert.deepEqual(asked[1]?.tiles[0], first.length);
    });

    it('that overlap what changed are drawn until the new ones come, and are asked for again; no others', () => {
        cache.request('state', 0, [0, 1, 2]);
        cache.receive(1, 'state', [0, 1, 2].map((index) => uniform(0, index, 1)));
        cache.setGeneration(2, [{ start: tilePages(0) + 5, end: tilePages(0) + 6 }], true);
        assert.equal(cache.find('state', 0, 1), null);
        assert.equal(cache.shown('state', 0, 1)?.classes[0], 1);
        assert.equal(cache.find('state', 0, 0)?.index, 0);
        cache.request('state', 0, [0, 1, 2]);
        assert.deepEqual(asked[1], { generation: 2, layer: 'state', level: 0, tiles: [1] });
        cache.receive(1, 'state', [uniform(0, 1, 7)]);
        assert.equal(cache.find('state', 0, 1), null, 'of a generation that has passed');
        cache.receive(2, 'state', [uniform(0, 1, 2)]);
        assert.equal(cache.find('state', 0, 1)?.classes[0], 2);
    });

    it('of another map are not shown', () => {
        cache.receive(1, 'state', [uniform(0, 0, 1)]);
        cache.setGeneration(1, null, false);
        assert.equal(cache.shown('state', 0, 0), null);
    });

    it('are stood in for by coarser and by finer ones of the same layer', () => {
        cache.receive(1, 'state', [uniform(4, 0, 3)]);
        const divided = cache.shown('state', 2, 1);
        assert.deepEqual([divided?.level, divided?.index, divided?.classes[0], divided?.pages[0]], [2, 1, 3, 4]);
        assert.equal(cache.shown('numa', 2, 1), null);
        assert.equal(cache.find('state', 2, 1), null, 'it is not taken for the tile');

        const added = cache.shown('state', 5, 0);
        const half = tileCells / 2;
        assert.deepEqual([added?.classes[0], added?.pages[0]], [3, 32]);
        assert.equal(added?.classes[added.offsets[half] ?? 0], nothingClass, 'the half of which nothing is known');
        cache.receive(1, 'state', [uniform(5, 0, 6)]);
        assert.equal(cache.shown('state', 5, 0)?.classes[0], 6);
    });

    it('take a bounded room: those that were drawn last stay', () => {
        const tile = uniform(0, 0, 1);
        for (let index = 0; index < 2000; index++) {
            cache.receive(1, 'state', [{ ...tile, index }]);
            assert.ok(cache.shown('state', 0, 0) !== null);
        }
        assert.equal(cache.find('state', 0, 0)?.index, 0);
        assert.equal(cache.find('state', 0, 1), null);
        assert.equal(cache.find('state', 0, 1999)?.index, 1999);
    });
});
