import assert from 'node:assert/strict';
import { attributeRuns } from '../../../src/agent/pages/attributeRuns';
import { largestPiece, planConversion, planPieces } from '../../../src/agent/change/conversionPlan';
import { conversionWarnings } from '../../../src/agent/change/conversionWarnings';
import { makeLayer, makeMeaning } from '../../../src/agent/pages/layer';
import type { SlotRow } from '../../../src/agent/details/memslots';

const privateAt = (...runs: [gfn: number, pages: number][]) =>
    makeLayer(
        [{ first: Float64Array.from(runs, ([gfn]) => gfn), pages: Float64Array.from(runs, ([, pages]) => pages), states: new Uint8Array(runs.length).fill(8) }],
        0,
        makeMeaning(0, () => 0),
    );

describe('the plan of a conversion', () => {
    it('tells the runs as they are, clipped to the range', () => {
        assert.deepEqual(attributeRuns({ gfn: 10, end: 30 }, privateAt([0, 12], [12, 3], [20, 5], [40, 1])), [
            { gfn: 10, end: 15, attribute: 'private' },
            { gfn: 15, end: 20, attribute: 'shared' },
            { gfn: 20, end: 25, attribute: 'private' },
            { gfn: 25, end: 30, attribute: 'shared' },
        ]);
    });

    it('counts what changes and what is so already', () => {
        const plan = planConversion({ gfn: 16, end: 32 }, privateAt([20, 4]), 'private');
        assert.equal(plan.pagesChanged, 12);
        assert.equal(plan.pagesAlready, 4);
        assert.deepEqual(plan.previousRuns, [
            { gpa: '0x10000', size: '0x4000', attribute: 'shared' },
            { gpa: '0x14000', size: '0x4000', attribute: 'private' },
            { gpa: '0x18000', size: '0x8000', attribute: 'shared' },
        ]);
        assert.deepEqual(planConversion({ gfn: 20, end: 24 }, privateAt([20, 4]), 'private').toChange, []);
    });

    it('goes in pieces that begin and end with a change and have at most 16 MiB', () => {
        const toChange = [
            { gfn: 0, end: 1 },
            { gfn: 10, end: 20 },
            { gfn: 4090, end: 4100 },
            { gfn: 100_000, end: 100_000 + 2 * largestPiece + 5 },
        ];
        const pieces = [...planPieces(toChange)];
        assert.deepEqual(pieces, [
            { gfn: 0, end: 4096, changes: 17 },
            { gfn: 4096, end: 4100, changes: 4 },
            { gfn: 100_000, end: 104_096, changes: 4096 },
            { gfn: 104_096, end: 108_192, changes: 4096 },
            { gfn: 108_192, end: 108_197, changes: 5 },
        ]);
    });

    it('gives the first piece of a range of any size at once', () => {
        const [first] = planPieces([{ gfn: 0, end: 2 ** 52 }]);
        assert.deepEqual(first, { gfn: 0, end: largestPiece, changes: largestPiece });
    });

    it('never sets a page twice and sets every page to change, for alternating pages', () => {
        const toChange = Array.from({ length: 20_000 }, (_, i) => ({ gfn: 3 * i, end: 3 * i + 1 }));
        const pieces = [...planPieces(toChange)];
        assert.equal(pieces.reduce((sum, { changes }) => sum + changes, 0), 20_000);
        let at = 0;
        for (const { gfn, end } of pieces) {
            assert.ok(gfn >= at && end - gfn <= largestPiece && gfn % 3 === 0 && end % 3 === 1);
            at = end;
        }
    });
});

describe('warnings of a conversion', () => {
    const slot = (gfn: number, end: number, gmemInode: number | null): SlotRow => ({
        addressSpace: 0, id: 0, internal: false, gfn, end, hva: 0n, hvaPage: 0, logsDirtyPages: false, readonly: false,
        hasGuestMemfd: gmemInode !== null, gmemOnly: false, gmemInode, gmemPage: 0,
    });
    const slots = [slot(0, 16, 7), slot(16, 32, null)];
    const warn = (gfn: number, end: number, to: 'private' | 'shared', type = 'sw-protected') =>
        conversionWarnings([{ gfn, end }], slots, type, to).join('\n');

    it('name what no guest_memfd backs, only when it becomes private', () => {
        assert.match(warn(8, 24, 'private'), /0x10000\+0x8000.*MEMORY_FAULT/);
        assert.doesNotMatch(warn(8, 16, 'private'), /MEMORY_FAULT/);
        assert.doesNotMatch(warn(8, 24, 'shared'), /MEMORY_FAULT/);
    });

    it('name what no memslot backs', () => {
        assert.match(warn(24, 40, 'private'), /No memslot is at 0x20000\+0x8000/);
        assert.doesNotMatch(warn(8, 24, 'private'), /No memslot/);
    });

    it('say that content is lost on SNP and TDX', () => {
        for (const type of ['snp', 'tdx']) assert.match(warn(0, 1, 'shared', type), /content .* lost.*accept/);
        assert.doesNotMatch(warn(0, 1, 'shared'), /accept/);
    });
});
