import assert from 'node:assert/strict';
import { GuestPages, partsOf } from '../../../src/agent/account/guestPages';
import { memoryCgroupOf } from '../../../src/agent/account/kernelFigures';
import { MarkedSpace } from '../../../src/agent/account/markedPages';
import { mappedMark, partMark, PhysicalMemory } from '../../../src/agent/account/physicalMemory';
import { PrivateFiles } from '../../../src/agent/account/privateFiles';
import type { SlotRow } from '../../../src/agent/details/memslots';
import { parseMaps } from '../../../src/agent/discovery/processMaps';
import { accountSentence } from '../../../src/common/accountWords';
import type { AccountEntry, MemoryAccount } from '../../../src/common/memoryAccount';
import { PageRunsBuilder } from '../../../src/common/pageRuns';
import { encodePageDetail, encodePageState, type PageDetailParts, type PageStateParts } from '../../../src/common/pageState';
import { makeRandomIntegers } from '../../support/random';

describe('marks on pages', () => {
    it('laid over one another are those of every layer, page by page', () => {
        const below = makeRandomIntegers();
        for (let round = 0; round < 200; round++) {
            const space = new MarkedSpace();
            const expected = new Array<number>(200).fill(0);
            for (let i = below(30); i > 0; i--) {
                const first = below(190);
                const end = first + 1 + below(10);
                const marks = 1 << below(5);
                space.add(first, end, marks);
                for (let page = first; page < end; page++) expected[page] = (expected[page] ?? 0) | marks;
            }
            const { count, first, end, marks } = space.overlaid();
            const found = new Array<number>(200).fill(0);
            for (let i = 0; i < count; i++) {
                assert.ok(i === 0 || (end[i - 1] ?? 0) <= (first[i] ?? 0), 'runs are sorted and disjoint');
                found.fill(marks[i] ?? 0, first[i], end[i]);
            }
            assert.deepEqual(found, expected, `round ${round}`);
        }
    });
});

describe('a physical page', () => {
    it('counts once, for the most useful of all it is there for', () => {
        const memory = new PhysicalMemory();
        memory.add('file', 0, 10, partMark('vmm') | mappedMark);
        memory.add('file', 4, 6, partMark('double'));
        memory.add('file', 5, 7, partMark('shared-resident') | mappedMark);
        memory.add('other file', 5, 7, partMark('unbound'));
        memory.addPageTableEntries(100, 110);
        memory.addPageTableEntries(205, 207);
        memory.addPageTableEntries(205, 207);
        const { parts, notMapped, mappedAgain, entries } = memory.totals();
        assert.deepEqual([...parts].filter(([, pages]) => pages > 0), [['shared-resident', 2], ['double', 1], ['unbound', 2], ['vmm', 7]]);
        assert.deepEqual({ notMapped, mappedAgain, entries }, { notMapped: 2, mappedAgain: 2, entries: 12 });
    });

    const cases: [what: string, state: Partial<PageStateParts>, detail: PageDetailParts, hva: string | null, guestMemfd: string | null][] = [
        ['on the HVA side alone', { hva: 'present' }, { guestUses: 'hva' }, 'shared-resident', null],
        ['private, on both sides', { attribute: 'private', hva: 'present', gmem: 'prepared' }, { guestUses: 'guest_memfd' }, 'double', 'private-allocated'],
        ['shared, on both sides', { hva: 'present', gmem: 'allocated' }, { guestUses: 'hva' }, 'shared-resident', 'double'],
        ['converted to shared and not used since', { hva: 'absent', gmem: 'allocated' }, { guestUses: 'hva' }, null, 'unused-side'],
        ['private without guest_memfd', { attribute: 'private', hva: 'present' }, { guestUses: 'none' }, 'unused-side', null],
        ['the same on both sides', { hva: 'present', gmem: 'prepared', samePage: true }, { guestUses: 'hva' }, 'shared-resident', 'shared-resident'],
        ['swapped out', { hva: 'swapped' }, { guestUses: 'hva' }, null, null],
        ['the zero page', { hva: 'zero' }, { guestUses: 'hva' }, null, null],
    ];
    for (const [what, state, detail, hva, guestMemfd] of cases) {
        it(`${what} is ${hva ?? 'nothing'} and ${guestMemfd ?? 'nothing'}`, () => {
            const word = encodePageState({ attribute: 'shared', scope: 'vm', hva: 'none', gmem: 'none', ...state });
            assert.deepEqual(partsOf(word, encodePageDetail(detail)), { hva, guestMemfd });
        });
    }
});

describe('pages of a guest', () => {
    const slot = (id: number, gfn: number, pages: number, hvaPage: number): SlotRow => ({
        addressSpace: 0, id, internal: false, gfn, end: gfn + pages, hva: BigInt(hvaPage) * 4096n, hvaPage, logsDirtyPages: false,
        readonly: false, hasGuestMemfd: false, gmemOnly: false, gmemInode: null, gmemPage: 0,
    });
    const runs = (...all: [gfn: number, pages: number, memslot: number][]) => {
        const builder = new PageRunsBuilder();
        const state = encodePageState({ attribute: 'shared', scope: 'none', hva: 'present', hvaMapped: true, gmem: 'none' });
        for (const [gfn, pages, memslot] of all) builder.append(gfn, pages, memslot, state, encodePageDetail({ guestUses: 'hva' }));
        return builder.build();
    };
    /** Two mappings of the same file, one of anonymous memory after the first. */
    const mappings = parseMaps(
        ['100000-110000 rw-s 00004000 00:01 77 /memfd:ram', '110000-118000 rw-p 00000000 00:00 0 ', '200000-210000 rw-s 00004000 00:01 77 /memfd:ram'].join('\n'),
    );

    it('of two memslots with the same memory count once, by HVA and by file', () => {
        const physical = new PhysicalMemory();
        const slots = [slot(1, 0, 24, 0x100), slot(2, 100, 8, 0x100), slot(3, 200, 8, 0x200)];
        const guest = new GuestPages(mappings, physical, new PrivateFiles());
        guest.add(runs([0, 24, 1], [100, 8, 2], [200, 8, 3]), new Map(slots.map((row) => [row.id, row])));
        const { parts, notMapped, mappedAgain, entries } = physical.totals();
        assert.equal(parts.get('shared-resident'), 24, '16 of the file, 8 anonymous ones');
        assert.deepEqual({ notMapped, mappedAgain, entries }, { notMapped: 0, mappedAgain: 8, entries: 32 });
    });
});

describe('the cgroup of a process', () => {
    it('is that of the memory controller, else the unified one', () => {
        assert.deepEqual(memoryCgroupOf('9:name=systemd:/a\n4:cpu,memory:/b/c\n0::/d\n'), { version: 1, path: '/b/c' });
        assert.deepEqual(memoryCgroupOf('9:name=systemd:/a\n0::/machine.slice/vm:1\n'), { version: 2, path: '/machine.slice/vm:1' });
        assert.equal(memoryCgroupOf('9:name=systemd:/a\n'), null);
    });
});

describe('an account in one sentence', () => {
    const gib = (count: number) => `0x${Math.round(count * 2 ** 30).toString(16)}`;
    const account = (total: number, entries: readonly Pick<AccountEntry, 'part' | 'bytes'>[]): MemoryAccount => ({
        vm: '1:2', takenAt: '', consistent: true, guestMemory: gib(4), total: gib(total), notExplained: null, unknown: [],
        entries: entries.map((entry) => ({ ...entry, source: '', exact: true })),
        kernel: { rss: null, pss: null, steps: [], charged: null, cgroup: null },
    });

    it('names what is held twice, the most first', () => {
        const told = accountSentence(account(7.1, [{ part: 'unbound', bytes: '0x10000' }, { part: 'double', bytes: gib(3) }, { part: 'vmm', bytes: gib(0.1) }]));
        assert.equal(told, 'The guest has 4 GiB; the host gives 7.1 GiB: 3 GiB of it are double-backed, 64 KiB in guest_memfds without a memslot.');
    });

    it('says where nothing is', () => {
        assert.equal(accountSentence(account(3, [])), 'The guest has 4 GiB; the host gives 3 GiB, none of it twice.');
    });
});
