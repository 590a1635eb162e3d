/** Why a guest mapping is not larger, from made-up memslots whose answer can be told by looking at them. */
import assert from 'node:assert/strict';
import type { SlotRow } from '../../../src/agent/details/memslots';
import { stateBits } from '../../../src/agent/pages/stateBits';
import { countedMeaning, cutAtEdges, lacksReasons, obstaclesOf, whyNotLarger, wholeRegions, type LargerPages } from '../../../src/agent/pages/whyNotLarger';
import type { GuestCopy, GuestMapping, PageSizeName } from '../../../src/common/model';
import { encodePageDetail, whyNotLargerOf } from '../../../src/common/pageState';

const largePage = 512;
const hugePage = 512 * 512;

const slotAt = (gfn: number, end: number, other: Partial<SlotRow> = {}): SlotRow => ({
    addressSpace: 0,
    id: 0,
    internal: false,
    gfn,
    end,
    hva: 0n,
    hvaPage: gfn + 16 * hugePage,
    logsDirtyPages: false,
    readonly: false,
    hasGuestMemfd: false,
    gmemOnly: false,
    gmemInode: null,
    gmemPage: 0,
    ...other,
});

const nothing: LargerPages = { obstacles: { private: 0, shared: 0 }, counted: null, complete: true, guestMemfdPageSize: '4K', nxHugePages: false };
const counts = (state: number) => countedMeaning.details[state] ?? 0;

interface Page {
    readonly level: GuestMapping['level'];
    readonly behind?: PageSizeName;
    readonly copy?: GuestCopy;
    readonly executable?: boolean;
}

function reasons({ level, behind, copy = 'hva', executable = true }: Page, obstacles = 0, larger = nothing): string[] | null {
    const state = stateBits({ hva: 'present', hvaMapped: true, hvaPageSize: behind ?? null, guestMapping: { level, writable: level !== 'none' } });
    const detail = whyNotLarger(state, encodePageDetail({ guestUses: copy, executable }), obstacles, larger);
    return whyNotLargerOf(detail);
}

describe('why a guest mapping is not larger', () => {
    const everything = 2 ** 14 - 1;

    it('is not asked where nothing is mapped', () => assert.equal(reasons({ level: 'none' }, everything), null));

    it('has no reason where nothing is larger', () => assert.deepEqual(reasons({ level: '1G', behind: '1G' }, everything), []));

    it('is the page behind it, unless that is larger', () => {
        assert.deepEqual(reasons({ level: '4K', behind: '4K' }), ['host-page']);
        assert.deepEqual(reasons({ level: '4K', behind: '2M' }), []);
        assert.deepEqual(reasons({ level: '4K', behind: '1G' }), []);
        assert.deepEqual(reasons({ level: '2M', behind: '2M' }), ['host-page']);
        assert.deepEqual(reasons({ level: '2M', behind: '1G' }), []);
    });

    it('is the page of the copy that the guest uses', () => {
        assert.deepEqual(reasons({ level: '4K', behind: '2M', copy: 'guest_memfd' }), ['host-page']);
        const larger = { ...nothing, guestMemfdPageSize: '2M' as const };
        assert.deepEqual(reasons({ level: '4K', behind: '4K', copy: 'guest_memfd' }, 0, larger), []);
    });

    it('is not known where the page behind it is not, unless something else is against it', () => {
        assert.equal(reasons({ level: '4K' }), null);
        assert.deepEqual(reasons({ level: '4K' }, counts(1)), ['mixed-attributes']);
    });

    it('is said to be incomplete where the page behind it is not known, but not where no larger page is', () => {
        const isIncomplete = (level: GuestMapping['level'], hvaPageSize: PageSizeName | null, known: boolean) =>
            lacksReasons(
                stateBits({ hva: 'present', hvaPageSize, guestMapping: { level, writable: false } }),
                encodePageDetail({ guestUses: 'hva', whyNotLarger: known ? ['slot-edge'] : null }),
            );
        assert.deepEqual(
            [isIncomplete('4K', null, true), isIncomplete('4K', '4K', true), isIncomplete('4K', '4K', false)],
            [true, false, true],
        );
        assert.deepEqual([isIncomplete('none', null, false), isIncomplete('1G', null, true)], [false, false]);
    });

    it('is not known where the counts are not, unless something else is against it', () => {
        const larger = { ...nothing, complete: false };
        assert.equal(reasons({ level: '4K', behind: '2M' }, 0, larger), null);
        assert.deepEqual(reasons({ level: '4K', behind: '4K' }, 0, larger), ['host-page']);
    });

    it('is what KVM counts for that size', () => {
        assert.deepEqual(reasons({ level: '4K', behind: '1G' }, counts(0b0001)), ['mixed-attributes']);
        assert.deepEqual(reasons({ level: '4K', behind: '1G' }, counts(0b0010)), ['disallowed']);
        assert.deepEqual(reasons({ level: '4K', behind: '1G' }, counts(0b1100)), []);
        assert.deepEqual(reasons({ level: '2M', behind: '1G' }, counts(0b1100)), ['mixed-attributes', 'disallowed']);
        assert.deepEqual(reasons({ level: '2M', behind: '1G' }, counts(0b0011)), []);
    });

    it('is a different place within a large page', () => {
        const at = (toHva: number) => obstaclesOf(slotAt(0, hugePage, { hvaPage: 16 * hugePage + toHva })).shared;
        assert.deepEqual(reasons({ level: '4K', behind: '1G' }, at(1)), ['misaligned']);
        assert.deepEqual(reasons({ level: '2M', behind: '1G' }, at(1)), ['misaligned']);
        assert.deepEqual(reasons({ level: '4K', behind: '1G' }, at(largePage)), []);
        assert.deepEqual(reasons({ level: '2M', behind: '1G' }, at(largePage)), ['misaligned']);
        assert.deepEqual(reasons({ level: '2M', behind: '1G' }, at(0)), []);
    });

    it('is the place in the guest_memfd only for the copy that is there', () => {
        const apart = { hasGuestMemfd: true, gmemPage: 1 };
        const both = obstaclesOf(slotAt(0, largePage, apart));
        assert.deepEqual(reasons({ level: '4K', behind: '2M' }, both.shared), []);
        assert.deepEqual(reasons({ level: '4K', copy: 'guest_memfd' }, both.private), ['misaligned', 'host-page']);
        const alone = obstaclesOf(slotAt(0, largePage, { ...apart, gmemOnly: true }));
        assert.deepEqual(reasons({ level: '4K', copy: 'guest_memfd' }, alone.shared), ['misaligned', 'host-page']);
    });

    it('is that KVM logs dirty pages', () => {
        const { shared } = obstaclesOf(slotAt(0, largePage, { logsDirtyPages: true }));
        assert.deepEqual(reasons({ level: '4K', behind: '2M' }, shared), ['dirty-logging']);
    });

    it('is that it may be executed where KVM forbids this for large pages, and nothing else is against them', () => {
        const larger = { ...nothing, nxHugePages: true };
        assert.deepEqual(reasons({ level: '4K', behind: '2M' }, 0, larger), ['nx-huge-pages']);
        assert.deepEqual(reasons({ level: '4K', behind: '2M', executable: false }, 0, larger), []);
        assert.deepEqual(reasons({ level: '4K', behind: '4K' }, 0, larger), ['host-page']);
        assert.deepEqual(reasons({ level: '2M', behind: '1G', executable: false }, 0, larger), []);
        assert.equal(reasons({ level: '4K' }, 0, larger), null);
    });

    it('is no unnamed count where the slot’s place explains it', () => {
        const { shared } = obstaclesOf(slotAt(0, largePage, { hvaPage: 1 }));
        assert.deepEqual(reasons({ level: '4K', behind: '2M' }, shared | counts(0b0010)), ['misaligned']);
    });
});

describe('the edges of a slot', () => {
    /** Runs of gfns by whether a large page there, and a huge one, would reach over the edge. */
    const edges = (slot: SlotRow, gfn = slot.gfn, end = slot.end) =>
        [...cutAtEdges(slot, { gfn, end, largerPages: nothing })].map((piece) => {
            const obstacles = piece.largerPages.obstacles.shared;
            const told = (level: '4K' | '2M') => reasons({ level, behind: '1G' }, obstacles)?.includes('slot-edge');
            return [piece.gfn, piece.end, told('4K'), told('2M')];
        });

    it('are the partial large pages at both ends', () => {
        const [gfn, end] = [hugePage - 1, 2 * hugePage + largePage + 1];
        assert.deepEqual(edges(slotAt(gfn, end)), [
            [gfn, hugePage, true, true],
            [hugePage, 2 * hugePage, false, false],
            [2 * hugePage, 2 * hugePage + largePage, false, true],
            [2 * hugePage + largePage, end, true, true],
        ]);
    });

    it('are everywhere in a slot that is smaller', () => {
        assert.deepEqual(edges(slotAt(3, 300)), [[3, 300, true, true]]);
        assert.deepEqual(edges(slotAt(500, 520)), [[500, 512, true, true], [512, 520, true, true]]);
    });

    it('are nowhere in a slot of whole pages', () => {
        assert.deepEqual(edges(slotAt(hugePage, 3 * hugePage)), [[hugePage, 3 * hugePage, false, false]]);
    });

    it('are the same in a part of the slot', () => {
        const slot = slotAt(1, 2 * hugePage);
        assert.deepEqual(edges(slot, 100, 600), [[100, 512, true, true], [512, 600, false, true]]);
        assert.deepEqual(edges(slot, hugePage + 7, hugePage + 9), [[hugePage + 7, hugePage + 9, false, false]]);
    });

    it('leave between them the regions of which KVM’s counts tell more', () => {
        assert.deepEqual(wholeRegions(slotAt(1, 1537)), { gfn: 512, end: 1536 });
        const { gfn, end } = wholeRegions(slotAt(3, 300));
        assert.ok(gfn >= end);
    });

    it('are not looked for where the guest maps nothing', () => {
        const part = { gfn: 1, end: 1000, largerPages: null };
        assert.deepEqual([...cutAtEdges(slotAt(1, 1000), part)], [part]);
    });
});
