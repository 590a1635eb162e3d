import assert from 'node:assert/strict';
import { stateLayer } from '../../src/common/layers/stateLayer';
import { tileCells, type MapTile } from '../../src/common/mapTiles';
import { holeClass, makeCellMix, mixCell } from '../../src/webview/drawing/cellMix';
import { makeRandom } from '../support/random';

const classCount = stateLayer.classes.length;

/** A tile whose first cell has these pages per class. */
function tileOf(level: number, counts: Readonly<Record<number, number>>): MapTile {
    const classes = Object.keys(counts).map(Number).sort((a, b) => a - b);
    return {
        level,
        index: 0,
        offsets: new Uint32Array(tileCells + 1).fill(classes.length, 1),
        classes: Uint8Array.from(classes),
        pages: Float64Array.from(classes, (one) => counts[one] ?? 0),
    };
}

/** Device pixels of each class of the first cell. */
function mix(level: number, width: number, counts: Readonly<Record<number, number>>): Map<number, number> {
    const into = makeCellMix();
    mixCell(tileOf(level, counts), 0, width, into);
    return new Map(Array.from({ length: into.parts }, (_, i) => [into.classes[i] ?? -1, into.widths[i] ?? 0]));
}
const sum = (numbers: Iterable<number>) => [...numbers].reduce((a, b) => a + b, 0);

describe('the mix in a cell', () => {
    it('is one class where there is one', () => {
        assert.deepEqual(mix(9, 9, { 3: 512 }), new Map([[3, 9]]));
    });

    it('shows one page in a GiB of others on a quarter of the cell, in the order of the classes', () => {
        assert.deepEqual([...mix(18, 8, { 0: 1, 9: 2 ** 18 - 1 })], [[0, 2], [9, 6]]);
        assert.deepEqual([...mix(18, 8, { 0: 2 ** 18 - 1, 9: 1 })], [[0, 6], [9, 2]]);
    });

    it('shows a page of memory in a cell that is otherwise hole', () => {
        assert.deepEqual([...mix(30, 12, { 9: 1 })], [[9, 3], [holeClass, 9]]);
    });

    it('shows the first classes where there are more than pixels', () => {
        const counts = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [i, 1 + i ** 3]));
        assert.deepEqual([...mix(20, 7, counts).keys()], [0, 1, 2, 3, 4, 5, 6]);
    });

    it('always adds up to the width, hides nothing that there is a pixel for, and shows nothing that is not there', () => {
        const random = makeRandom(7);
        for (let i = 0; i < 2000; i++) {
            const level = Math.floor(random() * 30);
            const width = 3 + Math.floor(random() * 40);
            const counts: Record<number, number> = {};
            let left = 2 ** level;
            for (let n = 0; n < 6 && left > 0; n++) {
                counts[Math.floor(random() * classCount)] ??= Math.min(left, Math.ceil(random() ** 8 * left));
                left = 2 ** level - sum(Object.values(counts));
            }
            if (left < 0) continue;
            const got = mix(level, width, counts);
            assert.equal(sum(got.values()), width);
            const there = [...Object.keys(counts).map(Number), ...(left > 0 ? [holeClass] : [])];
            assert.deepEqual([...got.keys()], there.slice(0, width));
            assert.ok([...got.values()].every((pixels) => pixels > 0));
            if (there.length <= 4) assert.ok([...got.values()].every((pixels) => pixels >= Math.min(Math.ceil(width / 4), Math.floor(width / there.length))));
        }
    });
});
