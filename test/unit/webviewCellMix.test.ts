import assert from 'node:assert/strict';
import { holeIndex, makeCellMix, mixCell } from '../../src/webview/cellMix';
import { classCount, classIsPrivate, makeClass } from '../../src/webview/pageClass';
import { makeRandom } from '../support/random';

function mix(pages: number, width: number, counts: Record<number, number>): number[] {
    const all = new Float64Array(classCount);
    for (const [pageClass, count] of Object.entries(counts)) all[Number(pageClass)] = count;
    const into = makeCellMix();
    mixCell(all, 0, pages, width, into);
    return [...into];
}
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const shared = makeClass('shared', 'present');
const lone = makeClass('private', 'present');

describe('the mix in a cell', () => {
    it('is one state where there is one', () => {
        const got = mix(512, 9, { [shared]: 512 });
        assert.equal(got[shared], 9);
        assert.equal(sum(got), 9);
    });

    it('shows one private page in a GiB of shared ones on a quarter of the cell', () => {
        assert.equal(mix(2 ** 18, 8, { [shared]: 2 ** 18 - 1, [lone]: 1 })[lone], 2);
    });

    it('shows a page of memory in a cell that is otherwise hole', () => {
        const got = mix(2 ** 30, 12, { [shared]: 1 });
        assert.deepEqual([got[shared], got[holeIndex]], [3, 9]);
    });

    it('always adds up to the width, and hides no attribute and no hole', () => {
        const random = makeRandom(7);
        for (let i = 0; i < 2000; i++) {
            const pages = 2 ** Math.floor(random() * 30);
            const width = 3 + Math.floor(random() * 40);
            const counts: Record<number, number> = {};
            let left = pages;
            for (let n = 0; n < 4 && left > 0; n++) {
                const part = Math.min(left, Math.ceil(random() ** 8 * left));
                counts[Math.floor(random() * classCount)] ??= part;
                left = pages - sum(Object.values(counts));
            }
            const got = mix(pages, width, counts);
            assert.equal(sum(got), width);
            const present = (isPrivate: boolean) => Object.entries(counts).some(([c, n]) => n > 0 && classIsPrivate(Number(c)) === isPrivate);
            const shown = (isPrivate: boolean) => sum(got.filter((_, c) => c < classCount && classIsPrivate(c) === isPrivate));
            assert.equal(shown(true) > 0, present(true));
            assert.equal(shown(false) > 0, present(false));
            assert.equal((got[holeIndex] ?? 0) > 0, left > 0);
            got.slice(0, classCount).forEach((pixels, c) => assert.ok(pixels === 0 || (counts[c] ?? 0) > 0, 'nothing is shown that is not there'));
        }
    });
});
