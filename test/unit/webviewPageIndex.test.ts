import assert from 'node:assert/strict';
import { PageRunsBuilder } from '../../src/common/pageRuns';
import { classCount, classOf, makeClass } from '../../src/webview/pageClass';
import { encodePageState } from '../../src/common/pageState';
import { countByHand, lastGfn, makeModel, makeRandomModel, states } from '../support/madeMaps';
import { makeRandom } from '../support/random';

describe('counts of pages per class', () => {
    it('equal a count page by page, for ranges and for rows of cells', () => {
        for (let seed = 1; seed <= 20; seed++) {
            const model = makeRandomModel(seed);
            const random = makeRandom(seed);
            const last = lastGfn(model);
            const counts = new Float64Array(classCount);
            for (let i = 0; i < 20; i++) {
                const start = Math.floor(random() * (last + 100));
                const end = start + Math.floor(random() * 500);
                model.index.count(start, end, counts);
                assert.deepEqual([...counts], countByHand(model, start, end), `seed ${seed}, [${start}, ${end})`);
            }
            for (const cellPages of [1, 2, 8, 64, 1024]) {
                const cells = 16;
                const start = Math.floor((random() * last) / cellPages) * cellPages;
                const row = new Float64Array(cells * classCount).fill(7);
                model.index.countCells(start, cellPages, cells, row);
                for (let cell = 0; cell < cells; cell++) {
                    const from = start + cell * cellPages;
                    const got = [...row.subarray(cell * classCount, (cell + 1) * classCount)];
                    assert.deepEqual(got, countByHand(model, from, from + cellPages), `seed ${seed}, cell at ${from} of ${cellPages}`);
                }
            }
        }
    });

    it('find one private page in 64 GiB', () => {
        const pages = 2 ** 24;
        const lone = 9_777_971;
        const builder = new PageRunsBuilder();
        builder.append(0, lone, 0, states.sharedPresent);
        builder.append(lone, 1, 0, states.privatePrepared);
        builder.append(lone + 1, pages - lone - 1, 0, states.sharedPresent);
        const model = makeModel([{ id: 0, start: 0, pages }], builder.build());
        const row = new Float64Array(64 * classCount);
        const cellPages = pages / 64;
        model.index.countCells(0, cellPages, 64, row);
        const cell = Math.floor(lone / cellPages);
        const privatePages = Array.from({ length: 64 }, (_, i) => row[i * classCount + makeClass('private', 'present')]);
        assert.deepEqual(privatePages, privatePages.map((_, i) => (i === cell ? 1 : 0)));
    });

    it('know no page of an empty map', () => {
        const { index } = makeModel([], new PageRunsBuilder().build());
        const counts = new Float64Array(classCount).fill(7);
        index.count(0, 1000, counts);
        assert.deepEqual([...counts], new Array(classCount).fill(0));
    });
});

describe('the class of a state', () => {
    const check = (name: string, parts: Parameters<typeof encodePageState>[0], expected: number, inMemslot = true) =>
        it(name, () => assert.equal(classOf(encodePageState(parts), inMemslot), expected));

    check('private looks at the guest_memfd', { attribute: 'private', scope: 'vm', hva: 'present', gmem: 'absent' }, makeClass('private', 'absent'));
    check('shared looks at the HVA', { attribute: 'shared', scope: 'vm', hva: 'swapped', gmem: 'absent' }, makeClass('shared', 'swapped'));
    check(
        'shared looks at the guest_memfd that decides',
        { attribute: 'shared', scope: 'guest_memfd', hva: 'absent', gmem: 'allocated' },
        makeClass('shared', 'allocated'),
    );
    check('two pages are double-backed', { attribute: 'shared', scope: 'vm', hva: 'present', gmem: 'allocated' }, makeClass('shared', 'doubleBacked'));
    check(
        'one page seen from both sides is not',
        { attribute: 'shared', scope: 'guest_memfd', hva: 'present', gmem: 'prepared', samePage: true },
        makeClass('shared', 'present'),
    );
    check('private needs a guest_memfd', { attribute: 'private', scope: 'vm', hva: 'present', gmem: 'none' }, makeClass('private', 'unbacked'));
    check('what could not be read is unknown', { attribute: 'shared', scope: 'none', hva: null, gmem: 'none' }, makeClass('shared', 'unknown'));
    check('outside memslots', { attribute: 'private', scope: 'vm', hva: 'none', gmem: 'none' }, makeClass('private', 'outside'), false);
});
