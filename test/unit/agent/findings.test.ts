import assert from 'node:assert/strict';
import { makeFinding } from '../../../src/agent/findings/makeFinding';
import { listFindings } from '../../../src/agent/findings/findingList';
import { LargestExtents, selectPages } from '../../../src/agent/findings/selectedPages';
import { renderFindings } from '../../../src/agent/commandLine/render/findings';
import { Pace } from '../../../src/agent/pace';
import { UnknownFields } from '../../../src/agent/unknownFields';
import type { Finding } from '../../../src/common/finding';
import { PageRunsBuilder } from '../../../src/common/pageRuns';
import { encodePageState, isPrivate } from '../../../src/common/pageState';
import { makeRandomIntegers } from '../../support/random';

const pace = (signal = new AbortController().signal) => new Pace(signal);
const state = (attribute: 'private' | 'shared') => encodePageState({ attribute, scope: 'vm', hva: 'absent', gmem: 'absent' });

describe('pages that a detector looks for', () => {
    it('are counted by memslot, and runs that follow each other are one extent', async () => {
        const runs = new PageRunsBuilder();
        runs.append(10, 2, 1, state('private'));
        runs.append(12, 3, 1, state('private'), 1);
        runs.append(15, 5, 1, state('shared'));
        runs.append(20, 1, 1, state('private'));
        runs.append(21, 4, 2, state('private'));
        runs.append(40, 9, -1, state('private'));
        const found = await selectPages(runs.build(), isPrivate, pace());
        const told = [...found].map(([memslot, extents]) => [memslot, extents.pages, extents.extents, extents.ranges()]);
        assert.deepEqual(told, [
            [1, 6, 2, [{ gpa: '0xa000', size: '0x5000' }, { gpa: '0x14000', size: '0x1000' }]],
            [2, 4, 1, [{ gpa: '0x15000', size: '0x4000' }]],
        ]);
    });

    it('are listed by the hundred largest extents, of however many', () => {
        const below = makeRandomIntegers();
        const extents = new LargestExtents();
        const all: { first: number; pages: number }[] = [];
        for (let i = 0, at = 0; i < 5000; i++) {
            const pages = 1 + below(1000);
            // In two parts, which follow each other.
            const cut = below(pages);
            if (cut > 0) extents.add(at, cut);
            extents.add(at + cut, pages - cut);
            all.push({ first: at, pages });
            at += pages + 1 + below(3);
        }
        assert.equal(extents.extents, all.length);
        assert.equal(extents.pages, all.reduce((sum, { pages }) => sum + pages, 0));
        assert.deepEqual(extents.list(), all.sort((a, b) => b.pages - a.pages || a.first - b.first).slice(0, 100));
    });

    it('are not looked for any longer than somebody waits', async () => {
        const runs = new PageRunsBuilder();
        for (let i = 0; i < 300_000; i++) runs.append(2 * i, 1, 1, state('private'));
        const cancellation = new AbortController();
        // Longer than other requests wait for this one.
        const slow = (word: number) => {
            for (const end = performance.now() + 20; !cancellation.signal.aborted && performance.now() < end; );
            cancellation.abort();
            return isPrivate(word);
        };
        await assert.rejects(selectPages(runs.build(), slow, pace(cancellation.signal)), { code: 'cancelled' });
    });
});

const finding = (parts: Partial<Finding>): Finding =>
    makeFinding({
        kind: 'double-backed',
        severity: 'warning',
        title: 'title',
        explanation: 'why',
        action: { text: 'what', does: 'none', command: null },
        source: 'source',
        ...parts,
    });

describe('findings', () => {
    it('come with the most severe first, of these the largest', () => {
        const given = [finding({ bytes: 1 }), finding({ severity: 'information', bytes: 9 }), finding({ bytes: 2 }), finding({ severity: 'error' })];
        const { findings } = listFindings('7:5', given, new UnknownFields());
        assert.deepEqual(findings.map(({ severity, bytes }) => [severity, bytes]), [['error', null], ['warning', 2], ['warning', 1], ['information', 9]]);
    });

    it('are at most a hundred of a kind; how many more there are is said', () => {
        const given = Array.from({ length: 130 }, (_, bytes) => finding({ bytes }));
        const { findings, unknown } = listFindings('7:5', [...given, finding({ kind: 'leaked-guest-memfd' })], new UnknownFields());
        assert.equal(findings.length, 101);
        assert.deepEqual(unknown, [{ field: 'findings', reason: '30 further findings of the kind double-backed, smaller than these, are not listed' }]);
    });

    it('are told with why, where and what helps, in lines that fit a terminal, and harm none', () => {
        const ranges = Array.from({ length: 6 }, (_, index) => ({ gpa: `0x${index}000`, size: '0x1000' }));
        const text = renderFindings({
            vm: '7:5',
            findings: [finding({ title: 'in /memfd:\u001b[31m', explanation: 'a word '.repeat(40).trim(), ranges, action: { text: 'Punch.', does: 'punch', command: 'guestmem punch 7:5 0x0+0x1000' } })],
            unknown: [{ field: 'attribute', reason: 'nobody knows' }],
        });
        const lines = text.trimEnd().split('\n');
        assert.equal(lines[0], 'warning      in /memfd:\\x1b[31m');
        assert.ok(lines.every((line) => line.length <= 120), text);
        assert.ok(text.includes('where        0x0000+0x1000, 0x1000+0x1000, 0x2000+0x1000, 0x3000+0x1000 and 2 more\n'));
        assert.ok(text.includes('what helps   Punch.\n             $ guestmem punch 7:5 0x0+0x1000\n'));
        assert.equal(lines.at(-1), 'unknown: attribute: nobody knows');
    });
});
