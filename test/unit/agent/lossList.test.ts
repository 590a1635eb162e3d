/** When events found no room: what is kept of it where that happens often. */
import assert from 'node:assert/strict';
import { LossList } from '../../../src/agent/events/lossList';

const lossesOf = (...losses: readonly (readonly [from: number, to: number, events: number])[]) => {
    const list = new LossList();
    for (const [from, to, events] of losses) list.add({ from, to, events });
    return list.list.map(({ from, to, events }) => [from, to, events]);
};

describe('the losses of a recording', () => {
    it('are one from look to look, and others after a look without one', () => {
        assert.deepEqual(lossesOf([10, 21, 5], [20, 31, 6], [30, 41, 7], [50, 61, 8]), [
            [10, 41, 18],
            [50, 61, 8],
        ]);
    });

    it('are so many at most: those that are next to each other become one, and none is forgotten', () => {
        // Pairs, each far from the next.
        const many = Array.from({ length: 400 }, (_, i) => [i * 1000 - (i % 2) * 900, i * 1000 - (i % 2) * 900 + 20, 1] as const);
        const losses = lossesOf(...many);
        assert.deepEqual(losses, Array.from({ length: 200 }, (_, i) => [2000 * i, 2000 * i + 120, 2]));
    });
});
