/** Sets of pages, beside JavaScript's own sets. */
import assert from 'node:assert/strict';
import { PageSet } from '../../../src/agent/replay/pageSet';
import { makeRandomIntegers } from '../../support/random';

const runsOf = (pages: ReadonlySet<number>): [number, number][] => {
    const runs: [number, number][] = [];
    for (const page of [...pages].sort((a, b) => a - b)) {
        const last = runs.at(-1);
        if (last?.[1] === page) last[1]++;
        else runs.push([page, page + 1]);
    }
    return runs;
};

describe('a set of pages', () => {
    /** Chunks of the set end within this. */
    const limit = 20_000;

    it('holds what was added and not removed, in each of its copies', () => {
        const random = makeRandomIntegers();
        let all: { set: PageSet; model: Set<number> }[] = [{ set: new PageSet(), model: new Set() }];
        for (let round = 0; round < 100; round++) {
            const { set, model } = all[random(all.length)] ?? assert.fail();
            const first = random(limit);
            const end = Math.min(limit, first + (random(4) === 0 ? random(9_000) : random(70)));
            const add = random(3) > 0;
            if (add) set.add(first, end);
            else set.remove(first, end);
            for (let page = first; page < end; page++) {
                if (add) model.add(page);
                else model.delete(page);
            }
            if (random(10) === 0) all = [...all.slice(-3), { set: set.copy(), model: new Set(model) }];
            for (const each of all) assert.deepEqual([...each.set.runs(0, Infinity)], runsOf(each.model), `round ${round}`);
        }
    });

    it('finds the next page that is in it, or is not', () => {
        const random = makeRandomIntegers();
        const set = new PageSet();
        const model = new Set<number>();
        for (let i = 0; i < 60; i++) {
            const first = random(limit);
            const end = first + random(600);
            set.add(first, end);
            for (let page = first; page < end; page++) model.add(page);
        }
        for (let i = 0; i < 2_000; i++) {
            const from = random(limit);
            const until = from + random(3_000);
            const inSet = random(2) === 0;
            let expected = from;
            while (expected < until && model.has(expected) !== inSet) expected++;
            assert.equal(set.next(inSet, from, until), expected);
            assert.equal(set.has(from), model.has(from));
        }
        assert.equal(set.count(), model.size);
        assert.equal(set.count(1_000, 1_500), [...model].filter((page) => page >= 1_000 && page < 1_500).length);
    });

    it('holds pages that lie far from each other, and takes wide ranges away', () => {
        const set = new PageSet();
        const far = 2 ** 52 - 1;
        for (const page of [0, 31, 32, 4095, 4096, 2 ** 40, far]) set.add(page, page + 1);
        assert.deepEqual([...set.runs(0, 2 ** 52)], [[0, 1], [31, 33], [4095, 4097], [2 ** 40, 2 ** 40 + 1], [far, far + 1]]);
        set.remove(1, far);
        assert.deepEqual([...set.runs(0, 2 ** 52)], [[0, 1], [far, far + 1]]);
        assert.ok(!set.isEmpty);
        set.remove(0, 2 ** 52);
        assert.ok(set.isEmpty);
    });

    it('shares with its copies what neither changed', () => {
        const set = new PageSet();
        for (let page = 0; page < 2 ** 22; page += 2) set.add(page, page + 1);
        const whole = set.bytesToCopy;
        set.copy();
        set.add(5, 6);
        assert.ok(set.bytesToCopy < whole / 10, `${set.bytesToCopy} of ${whole} bytes`);
    });
});
