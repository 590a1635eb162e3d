import assert from 'node:assert/strict';
import { obstacleText } from '../../src/common/factWords';
import type { Extent } from '../../src/common/openedMap';
import { PageRunsBuilder } from '../../src/common/pageRuns';
import { encodePageDetail, encodePageState } from '../../src/common/pageState';
import { describeBriefly, describePages } from '../../src/webview/controls/describe';
import { parseDestination, suggest } from '../../src/webview/controls/goTo';
import { actionOf } from '../../src/webview/view/keyboard';
import { placeLabels } from '../../src/webview/drawing/slotLabels';
import { parseViewState } from '../../src/webview/view/viewState';
import { states } from '../support/madeMaps';
import { knownByHand, makeModel } from '../support/madeModels';

const builder = new PageRunsBuilder();
builder.append(0x100, 0x10, 3, states.sharedPresent, encodePageDetail({ rights: 'rw-', guestUses: 'hva' }));
builder.append(
    0x110,
    0x10,
    3,
    encodePageState({ attribute: 'private', scope: 'vm', hva: 'present', gmem: 'prepared', guestMapping: { level: '4K', writable: true }, dirty: true }),
    encodePageDetail({
        rights: 'r--',
        gmemNode: 1,
        executable: true,
        accessed: true,
        guestDirty: false,
        whyNotLarger: ['misaligned', 'mixed-attributes'],
        guestUses: 'guest_memfd',
    }),
);
const runs = builder.build();
const model = makeModel([{ id: 3, start: 0x100, pages: 0x20 }], runs);
const words = (extent: Extent) => describePages(model, extent, knownByHand(model, runs, extent));

describe('the words for pages', () => {
    it('tell all of one page', () => {
        assert.deepEqual(words({ start: 0x105, end: 0x106 }), {
            title: '0x105000',
            lines: [
                ['Memory slot', 'Slot 3, 0x100000+0x20000, anonymous'],
                ['Attribute', 'shared, decided by the VM'],
                ['HVA side', '4K page mapped by the VMM, rw-'],
                ['guest_memfd side', 'no page'],
                ['Guest uses', 'the HVA side'],
                ['Same state', '0x100000+0x10000 (64 KiB)'],
            ],
        });
    });

    it('tell which of two copies is wasted, what the guest may do, and why its page is not larger', () => {
        const lines = Object.fromEntries(words({ start: 0x115, end: 0x116 }).lines);
        assert.deepEqual(lines, {
            'Memory slot': 'Slot 3, 0x100000+0x20000, anonymous',
            Attribute: 'private, decided by the VM',
            'HVA side': 'in the file, not mapped by the VMM, r--',
            'guest_memfd side': 'prepared, NUMA node 1',
            'Guest uses': 'the guest_memfd side',
            'Double-backed': 'yes: the page of the HVA side takes memory, and the guest does not use it',
            Rights: 'memslot writable, VMM r--',
            'Guest mapping': '4K, writable, executable, accessed, not dirty',
            'Why not larger': obstacleText('misaligned') + '; ' + obstacleText('mixed-attributes'),
            Dirty: 'yes, in the dirty log',
            'Same state': '0x110000+0x10000 (64 KiB)',
        });
    });

    it('count the states of a cell that mixes them', () => {
        assert.deepEqual(words({ start: 0x10e, end: 0x130 }).lines, [
            ['Memory slot', 'Slot 3, 0x100000+0x20000, anonymous'],
            ['Private, double-backed', '64 KiB'],
            ['Shared', '8 KiB'],
            ['No memslot', '64 KiB'],
        ]);
    });

    it('are short for a screen reader', () => {
        const extent = { start: 0x105, end: 0x106 };
        assert.equal(describeBriefly(model, extent, knownByHand(model, runs, extent).counts), '0x105000, 4 KiB, slot 3: Shared');
    });
});

describe('go to', () => {
    const check = (text: string, expected: ReturnType<typeof parseDestination>) =>
        it(JSON.stringify(text), () => assert.deepEqual(parseDestination(model, text), expected));
    check('0x105123', { extent: { start: 0x105, end: 0x106 }, select: false });
    check(' 1052672 ', { extent: { start: 0x101, end: 0x102 }, select: false });
    check('0x105000+0x2000', { extent: { start: 0x105, end: 0x107 }, select: true });
    check('0x5000', { problem: 'There is no memslot at 0x5000; the next one starts at 0x100000.' });
    check('0x900000', { problem: 'There is no memslot at 0x900000; the one before ends at 0x120000.' });
    check('slot 3', { extent: { start: 0x100, end: 0x120 }, select: true });
    check('#7', { problem: 'There is no slot 7; the nearest are 3.' });
    it('suggests the slots that the text may mean, and names the one at an address', () => {
        const slot = { text: 'slot 3', description: '0x100000+0x20000, 128 KiB, anonymous' };
        for (const text of ['', 'sl', 'slot', '3', '0x10']) assert.deepEqual(suggest(model, text), [slot], text);
        assert.deepEqual(suggest(model, '0x105000'), [{ text: '0x105000', description: 'in slot 3: 0x100000+0x20000' }]);
        assert.deepEqual(suggest(model, 'slot 4'), []);
    });
    for (const text of ['', 'abc', '0x', '0x1ffffffffffffffff', '0x105001+0x1000', '0x105000+0', '0x105000+0x1000+0x1000']) {
        it(`refuses ${JSON.stringify(text)} with a reason`, () => {
            const got = parseDestination(model, text);
            assert.ok('problem' in got && got.problem.length > 20);
        });
    }
});

describe('keys', () => {
    const key = (name: string, more: Partial<KeyboardEvent> = {}) => ({ key: name, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });
    it('extend the selection with Shift', () => {
        assert.deepEqual(actionOf(key('ArrowDown', { shiftKey: true })), { type: 'move', by: 'row', direction: 1, extend: true });
    });
    it('leave to the window what is not theirs', () => {
        assert.equal(actionOf(key('ArrowDown', { altKey: true })), null);
        assert.equal(actionOf(key('Tab')), null);
        assert.equal(actionOf(key('f', { ctrlKey: true })), null);
    });
});

describe('slot labels', () => {
    const slot = (id: number) => ({ start: 0, end: 1, memslot: { id, gpa: '0x0', size: '0x1000', internal: false, flags: [], description: 'anonymous' } });
    const widthOf = (text: string) => text.length * 6;

    it('never overlap and never leave the map, however many there are', () => {
        for (const step of [3, 10, 25, 60, 200, 500]) {
            const groups = Array.from({ length: Math.ceil(900 / step) }, (_, i) => ({ x: 100 + i * step, slots: i % 5 === 4 ? [slot(i), slot(i + 1000)] : [slot(i)] }));
            const placed = placeLabels(groups, 100, 1000, widthOf);
            assert.ok(placed.length > 0);
            placed.forEach(({ text, x }, i) => {
                assert.ok(x >= 100 && x + widthOf(text) <= (placed[i + 1]?.x ?? 1000), `${text} at ${x}, step ${step}`);
            });
        }
    });

    it('say everything where there is room', () => {
        assert.deepEqual(placeLabels([{ x: 100, slots: [slot(1)] }], 100, 1000, widthOf), [{ text: '#1 · 0x0+0x1000 · 4 KiB · anonymous', x: 100 }]);
    });
});

describe('the saved view', () => {
    const saved = {
        subject: 'here 1:2',
        addressSpace: 0,
        layer: 'state',
        mode: 'paused',
        showsTable: true,
        table: { filter: 'slot 3', order: 'size', descending: true },
        layout: 'hilbert',
        level: 3,
        top: 64,
        cursor: 70,
        selection: { start: 64, end: 80 },
        highlight: [1],
    };
    it('comes back as it was', () => assert.deepEqual(parseViewState(structuredClone(saved)), saved));
    it('loses what makes no sense, and keeps the rest', () => {
        const broken = { ...saved, mode: 1, layout: 'x', level: 'x', top: -1, cursor: 0.5, selection: { start: 9, end: 3 }, highlight: [1, 'a', 999] };
        assert.deepEqual(parseViewState(broken), { ...saved, mode: 'live', layout: 'rows', level: null, top: 0, cursor: null, selection: null });
    });
    it('is not used where it does not say of what it is', () => {
        for (const nonsense of ['nonsense', { ...saved, layer: 'none' }, { ...saved, subject: 3 }]) assert.equal(parseViewState(nonsense), null);
    });
});
