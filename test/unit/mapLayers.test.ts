import assert from 'node:assert/strict';
import { classesOf, findLayer, layersFor, mapLayers, notCounted } from '../../src/common/mapLayers';
import { recentChanges, type PageKind } from '../../src/common/openedMap';
import { encodePageDetail, encodePageState, type PageDetailParts, type PageStateParts } from '../../src/common/pageState';
import { everyState } from '../support/everyPageState';

const usual: PageStateParts = { attribute: 'shared', scope: 'vm', hva: 'present', hvaMapped: true, hvaPageSize: '4K', gmem: 'absent' };
const kindOf = (state: Partial<PageStateParts>, detail: PageDetailParts = {}, more: Partial<PageKind> = {}): PageKind => ({
    state: encodePageState({ ...usual, ...state }),
    detail: encodePageDetail(detail),
    inMemslot: true,
    ...more,
});

/** What a layer calls pages of this kind. */
function nameIn(id: string, kind: PageKind): string | undefined {
    const layer = findLayer(id);
    assert(layer !== undefined);
    return layer.classes[layer.classOf(kind)]?.name;
}

function expectNames(id: string, expected: Record<string, PageKind>): void {
    for (const [name, kind] of Object.entries(expected)) assert.equal(nameIn(id, kind), name);
}

describe('the layers of the map', () => {
    it('put every page into one of their classes', () => {
        const details = [null, 0, 1, 2, 3, 4, 5, 6, 7, 8, 1022].flatMap((gmemNode) =>
            (['none', 'hva', 'guest_memfd'] as const).map((guestUses) => encodePageDetail({ gmemNode, guestUses })),
        );
        const met = new Map(mapLayers.map(({ id }) => [id, new Set<number>()]));
        const meet = (kind: PageKind) => {
            for (const layer of mapLayers) met.get(layer.id)?.add(layer.classOf(kind));
        };
        const before = { state: encodePageState(usual), detail: 0, inMemslot: true };
        const others: Partial<PageKind>[] = [
            { inMemslot: false },
            { before },
            { before: { ...before, state: encodePageState({ ...usual, attribute: 'private' }) } },
            { before: null },
            { before, exists: false, inMemslot: false },
            ...recentChanges.map((changed) => ({ changed })),
        ];
        for (const parts of everyState()) {
            const state = encodePageState(parts);
            for (const detail of details) meet({ state, detail, inMemslot: true });
            for (const more of others) meet({ state, detail: 0, inMemslot: true, ...more });
        }
        for (const { id, classes } of mapLayers) {
            const indices = [...(met.get(id) ?? [])].sort((a, b) => a - b);
            assert.deepEqual(indices, [...classes.keys()], `${id}: each class is met and no other number`);
        }
    });

    it('have ids, and their classes names, that are each used once', () => {
        assert.equal(new Set(mapLayers.map(({ id }) => id)).size, mapLayers.length);
        for (const { id, classes } of mapLayers) {
            assert.equal(new Set(classes.map(({ name }) => name)).size, classes.length, id);
            assert.ok(classes.length < notCounted, id);
        }
    });

    it('are offered where a map has what they show', () => {
        const ids = (origin: Parameters<typeof layersFor>[0]) => layersFor(origin).map(({ id }) => id);
        assert.ok(ids('live').includes('recentChange') && !ids('live').includes('comparison'));
        assert.ok(ids('comparison').includes('comparison') && !ids('comparison').includes('recentChange'));
        assert.deepEqual(ids('file'), ids('kept'));
    });

    it('count what is gone in a comparison nowhere else', () => {
        const gone = kindOf({}, {}, { exists: false, inMemslot: false, before: kindOf({}) });
        for (const layer of mapLayers) assert.equal(classesOf(layer, [gone])[0] === notCounted, layer.id !== 'comparison', layer.id);
    });

    it('tell private from shared, and who decides', () => {
        expectNames('attribute', {
            Private: kindOf({ attribute: 'private' }),
            'Private by its guest_memfd': kindOf({ attribute: 'private', scope: 'guest_memfd' }),
            Shared: kindOf({}),
            'Always shared': kindOf({ scope: 'none' }),
            'Private, outside memslots': kindOf({ attribute: 'private', hva: 'none' }, {}, { inMemslot: false }),
        });
    });

    it('tell which of two copies is wasted', () => {
        const both = { hva: 'present', gmem: 'prepared' } as const;
        expectNames('doubleBacked', {
            'Double-backed, HVA page wasted': kindOf(both, { guestUses: 'guest_memfd' }),
            'Double-backed, guest_memfd page wasted': kindOf(both, { guestUses: 'hva' }),
            'One page, on both sides': kindOf({ ...both, samePage: true }, { guestUses: 'hva' }),
            'Only at the HVA': kindOf({}),
            'Only in the guest_memfd': kindOf({ hva: 'swapped', gmem: 'allocated' }),
            'No page': kindOf({ hva: 'zero', gmem: 'absent' }),
            'Not known': kindOf({ gmem: null }),
        });
    });

    it('tell what each side holds, whatever the guest uses', () => {
        expectNames('hva', {
            'Mapped by the VMM': kindOf({ attribute: 'private', gmem: 'prepared' }),
            'In the file, not mapped': kindOf({ hvaMapped: false }),
            'Swapped out': kindOf({ hva: 'swapped' }),
            'No HVA side': kindOf({ hva: 'none' }),
        });
        expectNames('guestMemfd', {
            Prepared: kindOf({ gmem: 'prepared' }),
            'Allocated, not yet prepared': kindOf({ gmem: 'allocated' }),
            'No page': kindOf({}),
            'Not known': kindOf({ gmem: null }),
        });
    });

    it('tell sizes of mappings, and what the guest may not write', () => {
        const maps = (level: '4K' | '2M' | '1G', writable: boolean) => kindOf({ guestMapping: { level, writable } });
        expectNames('guestMapping', {
            '4 KiB': maps('4K', true),
            '2 MiB, not writable': maps('2M', false),
            '1 GiB': maps('1G', true),
            'Not mapped': kindOf({ guestMapping: { level: 'none', writable: false } }),
            'Not known': kindOf({ guestMapping: null }),
        });
        expectNames('hostPageSize', {
            '4 KiB': kindOf({}),
            '2 MiB': kindOf({ hva: 'zero', hvaPageSize: '2M' }),
            'Not mapped': kindOf({ hvaMapped: false, hvaPageSize: null }),
            'Not known': kindOf({ hvaPageSize: null }),
        });
    });

    it('tell nodes, of which the first have a class of their own', () => {
        const on = (gmemNode: number | null) => kindOf({ gmem: 'prepared' }, { gmemNode });
        expectNames('numaNode', { 'Node 0': on(0), 'Node 7': on(7), 'Other nodes': on(8), 'Not known': on(null), 'No guest_memfd page': kindOf({}) });
        assert.equal(nameIn('numaNode', on(1022)), 'Other nodes');
    });

    it('tell what is dirty and what changed lately', () => {
        expectNames('dirty', { Dirty: kindOf({ dirty: true }), Clean: kindOf({ dirty: false }), 'Not known': kindOf({ dirty: null }) });
        expectNames('recentChange', {
            'By the last refresh': kindOf({}, {}, { changed: 'last-refresh' }),
            'Longer ago, or never': kindOf({}, {}, { changed: null }),
        });
    });

    it('tell what became of a page', () => {
        const from = (before: Partial<PageStateParts>, after: Partial<PageStateParts>, [was, is]: [PageDetailParts, PageDetailParts] = [{}, {}]) =>
            kindOf(after, is, { before: kindOf(before, was) });
        const outside = { attribute: 'private', hva: 'none', gmem: 'none' } as const;
        expectNames('comparison', {
            'Became private': from({}, { attribute: 'private', gmem: 'prepared' }),
            'Became shared': from({ attribute: 'private' }, {}),
            Allocated: from({}, { gmem: 'prepared' }),
            Freed: from({}, { hva: 'swapped', hvaMapped: false, hvaPageSize: null }),
            'Mapping changed': from({ guestMapping: { level: '4K', writable: true } }, { guestMapping: { level: '2M', writable: true } }),
            'Other change': from({ dirty: false }, { dirty: true }),
            Unchanged: from({}, {}),
            'New memory': kindOf({}, {}, { before: null }),
            'Memory gone': kindOf({}, {}, { before: kindOf({}), exists: false, inMemslot: false }),
        });
        const more: [string, PageKind][] = [
            ['Other change', from({ hva: 'present', gmem: 'absent' }, { hva: 'absent', gmem: 'prepared' })],
            ['Other change', from({ gmem: null }, { gmem: 'prepared' })],
            ['Other change', from({ gmem: 'prepared' }, { gmem: 'prepared' }, [{ gmemNode: 0 }, { gmemNode: 1 }])],
            ['Mapping changed', from({}, {}, [{ rights: 'rw-' }, { rights: 'r--' }])],
            ['Became private', kindOf(outside, {}, { before: null, inMemslot: false })],
            ['Became shared', kindOf({}, {}, { before: kindOf(outside, {}, { inMemslot: false }), exists: false, inMemslot: false })],
            ['New memory', kindOf({ attribute: 'private' }, {}, { before: kindOf(outside, {}, { inMemslot: false }) })],
        ];
        for (const [name, kind] of more) assert.equal(nameIn('comparison', kind), name);
    });
});
