/** When pages last changed, against an array with the time of each page. */
import assert from 'node:assert/strict';
import { RecentChanges } from '../../../src/agent/maps/recentChanges';
import { recentChanges } from '../../../src/common/openedMap';
import { makeRandomIntegers, seed } from '../../support/random';

const pages = 60;

/** What the marks say of each page: the index of its RecentChange, -1 for none. */
function marked(changes: RecentChanges): number[] {
    const found = Array<number>(pages).fill(-1);
    const { gfns, pages: lengths, states } = changes.marks(false);
    gfns.forEach((gfn, i) => found.fill(states[i] ?? NaN, gfn, gfn + (lengths[i] ?? NaN)));
    return found;
}

describe(`recent changes (seed ${seed})`, () => {
    const integer = makeRandomIntegers();

    it('are of the last refresh, ten seconds or a minute', () => {
        const lastSeen = Array<number>(pages).fill(-Infinity);
        let changes = RecentChanges.none;
        for (let now = 0; now < 2_000_000; now += 1 + integer(9_000)) {
            const isChanged = Array.from({ length: pages }, () => integer(8) === 0);
            const extents = isChanged.flatMap((is, page) => (is && isChanged[page - 1] !== true ? [{ start: page, end: isChanged.indexOf(false, page) }] : []));
            changes = changes.after(extents.map(({ start, end }) => ({ start, end: end < 0 ? pages : end })), now);
            isChanged.forEach((is, page) => (lastSeen[page] = is ? now : (lastSeen[page] ?? NaN)));
            const expected = lastSeen.map((seen) => {
                const age = now - seen;
                if (age > 60_000) return -1;
                return recentChanges.indexOf(age === 0 ? 'last-refresh' : age <= 10_000 ? 'ten-seconds' : 'minute');
            });
            assert.deepEqual(marked(changes), expected);
        }
    });

    it('tell two refreshes apart that saw the same page', () => {
        const first = RecentChanges.none.after([{ start: 1, end: 2 }], 0);
        const second = first.after([{ start: 1, end: 2 }], 1);
        assert.deepEqual(first.marks(false), second.marks(false));
        assert.notDeepEqual(first.marks(true), second.marks(true));
    });

    it('forget the oldest beyond a bounded number', () => {
        const extents = Array.from({ length: 40_000 }, (_, i) => ({ start: 4 * i, end: 4 * i + 1 }));
        const moved = extents.map(({ start, end }) => ({ start: start + 2, end: end + 2 }));
        const { count, details } = RecentChanges.none.after(extents, 0).after(moved, 1).marks(true);
        assert.equal(count, 65_536);
        assert.equal(details.filter((refresh) => refresh === 2).length, 40_000);
    });
});
