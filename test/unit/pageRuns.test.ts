import assert from 'node:assert/strict';
import { packPageRuns, unpackPageRuns } from '../../src/common/packedRuns';
import { findRun, pageRunAt, PageRunsBuilder, type PageRuns } from '../../src/common/pageRuns';
import { encodePageDetail, encodePageState } from '../../src/common/pageState';

const a = encodePageState({ attribute: 'shared', scope: 'none', hva: 'absent', gmem: 'none' });
const b = encodePageState({ attribute: 'private', scope: 'vm', hva: 'absent', gmem: 'prepared' });
const detail = encodePageDetail({ rights: 'rw-', gmemNode: 1, guestUses: 'guest_memfd' });

function build(...runs: [gfn: number, pages: number, memslot: number, state: number, detail?: number][]): PageRuns {
    const builder = new PageRunsBuilder();
    for (const run of runs) builder.append(...run);
    return builder.build();
}
const rows = (runs: PageRuns) =>
    Array.from({ length: runs.count }, (_, i) => [runs.gfns[i], runs.pages[i], runs.memslots[i], runs.states[i], runs.details[i]]);

describe('page runs', () => {
    it('merge neighbours in one slot and state, and nothing else', () => {
        assert.deepEqual(rows(build([0, 1, 0, a, detail], [1, 2, 0, a, detail])), [[0, 3, 0, a, detail]]);
        assert.equal(build([0, 1, 0, a], [1, 1, 1, a]).count, 2, 'never across memslots');
        assert.equal(build([0, 1, 0, a], [1, 1, 0, b]).count, 2, 'another state');
        assert.equal(build([0, 1, 0, a], [1, 1, 0, a, detail]).count, 2, 'another detail');
        assert.equal(build([0, 1, 0, a], [2, 1, 0, a]).count, 2, 'a hole between them');
    });

    it('grow beyond the first columns', () => {
        const many = build(...Array.from({ length: 5000 }, (_, i): [number, number, number, number] => [i * 2, 1, 7, a]));
        assert.equal(many.count, 5000);
        assert.deepEqual(pageRunAt(many, 4999), { ...pageRunAt(many, 0), gpa: '0x270e000' });
    });

    it('are found by gfn', () => {
        const runs = build([10, 5, 0, a], [15, 5, 0, b], [100, 1, 1, a]);
        const expected = [[0, 0], [10, 0], [14, 0], [15, 1], [20, 2], [100, 2], [101, 3]] as const;
        for (const [gfn, index] of expected) assert.equal(findRun(runs, gfn), index, `gfn ${gfn}`);
    });

    it('are told in the words of the model', () => {
        assert.deepEqual(pageRunAt(build([2 ** 51, 1, -1, b, detail]), 0), {
            gpa: '0x8000000000000000',
            size: '0x1000',
            memslot: null,
            attribute: 'private',
            scope: 'vm',
            hvaBacking: { state: 'absent', rights: 'rw-' },
            gmemBacking: { state: 'prepared', node: 1 },
            guestMapping: null,
            dirty: null,
            whyNotLarger: null,
            guestUses: 'guest_memfd',
        });
    });

    it('survive the wire, at any alignment of the message', () => {
        const runs = build([10, 5, 0, a, detail], [15, 5, 3, b], [2 ** 51, 2 ** 40, -1, b, detail]);
        const packed = packPageRuns(runs);
        const shifted = (bytes: Uint8Array) => {
            const buffer = new Uint8Array(bytes.length + 1);
            buffer.set(bytes, 1);
            return buffer.subarray(1);
        };
        const received = {
            count: packed.count,
            gfns: shifted(packed.gfns),
            pages: shifted(packed.pages),
            memslots: shifted(packed.memslots),
            states: shifted(packed.states),
            details: shifted(packed.details),
        };
        assert.deepEqual(rows(unpackPageRuns(received)), rows(runs));
    });

    it('are refused when a column has a wrong length', () => {
        const packed = packPageRuns(build([10, 5, 0, a]));
        for (const column of ['gfns', 'pages', 'memslots', 'states', 'details'] as const) {
            assert.throws(() => unpackPageRuns({ ...packed, [column]: packed[column].subarray(1) }), RangeError, column);
        }
        assert.throws(() => unpackPageRuns({ ...packed, count: 2 }), RangeError);
    });
});
