/** Maps at a time of a recording, beside a model that looks at every page by itself. */
import assert from 'node:assert/strict';
import { Pace } from '../../../src/agent/pace';
import type { Replay } from '../../../src/agent/replay/replay';
import { ReplayHistory, type Moment } from '../../../src/agent/replay/replayHistory';
import { ReplayState } from '../../../src/agent/replay/replayState';
import { totalsOf } from '../../../src/agent/pages/pageTotals';
import type { PageRun } from '../../../src/common/model';
import { pageRunAt, type PageRuns } from '../../../src/common/pageRuns';
import { madeGuestMemfd, madeLog, madeReplay, madeSlot, pageSet, privateValue, withGuestMemfd, type MadeEvent } from '../../support/madeRecordings';
import { makeRandomIntegers } from '../../support/random';

const pace = new Pace(new AbortController().signal);
const mapOf = async (replay: Replay, time: number) => replay.mapAt(await replay.at(time, pace), 0);
const runsOf = (runs: PageRuns): PageRun[] => Array.from({ length: runs.count }, (_, i) => pageRunAt(runs, i));

/** What is known of a page, in words; of a page that is nowhere told there are none. */
type PageWords = string;

function wordsByPage(runs: PageRuns): Map<number, PageWords> {
    const words = new Map<number, PageWords>();
    for (const run of runsOf(runs)) {
        const { attribute, gmemBacking, memslot, guestUses } = run;
        const first = Number(BigInt(run.gpa) >> 12n);
        for (let gfn = first; gfn < first + Number(BigInt(run.size) >> 12n); gfn++) {
            words.set(gfn, [memslot, attribute, gmemBacking.state, 'node' in gmemBacking ? gmemBacking.node : '', guestUses].join(' '));
        }
    }
    return words;
}

/** A VM in which each page is looked at by itself. */
class Model {
    readonly slots = new Map<number, { gfn: number; pages: number; inode: number | null; page: number }>();
    readonly isPrivate = new Set<number>();
    /** Of each guest_memfd the pages that are there, and what is known of them. */
    readonly pages = new Map<number, Map<number, string>>();

    pagesOf(inode: number): Map<number, string> {
        const pages = this.pages.get(inode) ?? new Map<number, string>();
        this.pages.set(inode, pages);
        return pages;
    }

    words(): Map<number, PageWords> {
        const words = new Map<number, PageWords>();
        for (const gfn of this.isPrivate) words.set(gfn, ' private none  none');
        for (const [id, { gfn: first, pages, inode, page }] of this.slots) {
            for (let gfn = first; gfn < first + pages; gfn++) {
                const attribute = this.isPrivate.has(gfn) ? 'private' : 'shared';
                const gmem = inode === null ? 'none ' : (this.pagesOf(inode).get(page + gfn - first) ?? 'absent ');
                const uses = attribute === 'shared' ? 'hva' : inode === null ? 'none' : 'guest_memfd';
                words.set(gfn, [id, attribute, gmem, uses].join(' '));
            }
        }
        return words;
    }
}

const end = 5_000;
const inodes = [70, 71, 72];

/** Events at random, and the words of the model after some of them. */
function makeCase(count: number) {
    const random = makeRandomIntegers();
    const model = new Model();
    const place = () => {
        const first = random(2) === 0 ? random(1_000) : random(end);
        return { first, pages: 1 + random(random(5) === 0 ? 4_500 : 40) };
    };
    model.slots.set(0, { gfn: 0, pages: 3_000, inode: 70, page: 100 });
    model.slots.set(1, { gfn: 4_096, pages: 800, inode: null, page: 0 });
    for (let gfn = 500; gfn < 700; gfn++) model.isPrivate.add(gfn);
    for (let page = 150; page < 900; page++) model.pagesOf(70).set(page, 'prepared 0');
    const start = {
        slots: [madeSlot(0, 0, 3_000, 70, 100), madeSlot(1, 4_096, 800, null)],
        privatePages: pageSet([500, 700]),
        guestMemfds: new Map([[70, madeGuestMemfd(150, 900)], [71, madeGuestMemfd(0, 0)]]),
    };
    const events: MadeEvent[] = [];
    const expected: { time: number; words: Map<number, PageWords> }[] = [];
    let time = 1_000;
    const record = (event: Omit<MadeEvent, 'time'>) => events.push({ ...event, time });
    while (events.length < count) {
        // Some happen within the same microsecond.
        time += random(3);
        const { first, pages } = place();
        const inode = inodes[random(2) * random(inodes.length)] ?? 0;
        switch (random(6)) {
            case 0:
            case 1: {
                const to = random(2) === 0;
                for (let gfn = first; gfn < first + pages; gfn++) if (to) model.isPrivate.add(gfn);
                else model.isPrivate.delete(gfn);
                record({ kind: 'attributes-changed', first, pages, value: to ? privateValue : 0 });
                break;
            }
            case 2:
                for (let page = first; page < first + pages; page++) if (!model.pagesOf(inode).has(page)) model.pagesOf(inode).set(page, 'allocated ');
                record({ kind: 'pages-added', first, pages, inode });
                break;
            case 3:
                for (let page = first; page < first + pages; page++) model.pagesOf(inode).delete(page);
                record({ kind: 'pages-removed', first, pages, inode });
                break;
            case 4: {
                const number = random(5);
                const isFree = [...model.slots].every(([id, slot]) => id === number || slot.gfn >= first + pages || slot.gfn + slot.pages <= first);
                if (isFree && random(3) > 0) {
                    const has = random(3) > 0;
                    model.slots.set(number, { gfn: first, pages, inode: has ? inode : null, page: 7 });
                    record({ kind: 'memslot', number, first, pages, ...(has ? { value: withGuestMemfd, inode, inodePage: 7 } : {}) });
                } else {
                    // What failed changes nothing.
                    record({ kind: 'memslot', number, first, pages, result: -22 });
                }
                break;
            }
            case 5: {
                const number = random(5);
                model.slots.delete(number);
                record({ kind: 'memslot', number, first, pages: 0 });
                break;
            }
        }
        if (random(12) === 0) {
            expected.push({ time, words: model.words() });
            time++;
        }
    }
    return { start, events, expected, random };
}

describe('a replay', () => {
    const rules = { tellsAttributeChanges: true, convertsInPlace: false };

    it('tells at each time what the events until then have made of the pages', async () => {
        const { start, events, expected, random } = makeCase(600);
        const replay = madeReplay(start, events);
        assert.ok(expected.length > 20);
        for (let i = 0; i < 25; i++) {
            const { time, words } = expected[random(expected.length)] ?? assert.fail();
            const { runs, facts } = await mapOf(replay, time);
            assert.deepEqual(wordsByPage(runs), words, `at ${time}`);
            assert.deepEqual(facts.totals, totalsOf(runs));
            assert.equal(facts.consistent, true);
        }
    });

    it('comes to the same from wherever it begins: from the start, from states that were kept, and from the last time', async () => {
        const { start, events, expected, random } = makeCase(600);
        const history = new ReplayHistory({ time: 0, state: ReplayState.from(start) }, madeLog(events), rules, { interval: 7, batch: 5, mostBytes: 2 ** 18 });
        const replay = madeReplay(start, events);
        let near: Moment | null = null;
        for (let i = 0; i < 30; i++) {
            const { time, words } = expected[random(expected.length)] ?? assert.fail();
            near = (await history.at(time, pace, random(3) === 0 ? null : near)) ?? assert.fail();
            assert.deepEqual(wordsByPage(replay.mapAt(near, 0).runs), words, `at ${time}`);
        }
    });

    it('says of no page what no event tells', async () => {
        const slots = [madeSlot(0, 0, 10, 70)];
        const { runs, facts } = await mapOf(madeReplay({ slots }, []), 5);
        const [run] = runsOf(runs);
        assert.deepEqual(run && { hva: run.hvaBacking, guest: run.guestMapping, dirty: run.dirty, why: run.whyNotLarger }, {
            hva: { state: null, rights: null },
            guest: null,
            dirty: null,
            why: null,
        });
        for (const field of ['hvaBacking', 'guestMapping', 'dirty', 'whyNotLarger', 'totals.doubleBacked']) {
            assert.ok(facts.unknown.some((unknown) => unknown.field === field), field);
        }
        assert.ok(facts.details.unknown.some(({ field }) => field === 'vcpus'));
        assert.equal(facts.details.addressSpaces[0]?.memslots[0]?.backing, null);
    });

    it('takes the calls where the kernel does not tell the changes', async () => {
        const call = { kind: 'attributes', first: 4, pages: 2, value: privateValue } as const;
        const events: MadeEvent[] = [{ ...call, time: 10 }, { ...call, first: 6, time: 20, result: -22 }];
        const slots = [madeSlot(0, 0, 10, null)];
        const missing = [{ kinds: ['attributes-changed'], reason: 'it has no such tracepoint' }] as const;
        const told = await mapOf(madeReplay({ slots }, events, { missing }), 30);
        assert.equal(told.facts.totals.private, '0x2000');
        assert.equal(told.facts.consistent, true);
        // Where it does, a call without a change has made none.
        assert.equal((await mapOf(madeReplay({ slots }, events), 30)).facts.totals.private, '0x0');
    });

    it('begins at the last moment of the reading, whatever moment each part is of', async () => {
        // Read after these events, all but the pages of the guest_memfd, which were read before them.
        const slots = [madeSlot(1, 0, 10, 70)];
        const events: MadeEvent[] = [
            { kind: 'memslot', time: 1, number: 0, first: 0, pages: 0 },
            { kind: 'memslot', time: 2, number: 2, first: 5, pages: 10 },
            { kind: 'memslot', time: 3, number: 2, first: 5, pages: 0 },
            { kind: 'memslot', time: 4, number: 1, first: 0, pages: 10, value: withGuestMemfd, inode: 70 },
            { kind: 'pages-added', time: 5, first: 3, pages: 2, inode: 70 },
        ];
        const replay = madeReplay({ slots, guestMemfds: new Map([[70, madeGuestMemfd(0, 1)]]) }, events, { since: 10 });
        const { runs, facts } = await mapOf(replay, 10);
        assert.deepEqual(runsOf(runs).map(({ memslot, gmemBacking, size }) => [memslot, gmemBacking.state, size]), [
            [1, 'prepared', '0x1000'],
            [1, 'absent', '0x2000'],
            [1, 'allocated', '0x2000'],
            [1, 'absent', '0x5000'],
        ]);
        assert.equal(facts.consistent, true);
        await assert.rejects(mapOf(replay, 9), /tells of the time from/);
    });

    it('tells how a memslot is made, logs, moves and goes, and which guest_memfd it has alone', async () => {
        const slot = { kind: 'memslot', number: 3, pages: 8 } as const;
        const events: MadeEvent[] = [
            { kind: 'guest-memfd', time: 1, pages: 16, value: 1, inode: 90 },
            { ...slot, time: 2, first: 16 },
            { ...slot, time: 3, first: 16, value: 1 },
            { ...slot, time: 4, first: 32, value: 1 },
            { ...slot, time: 5, first: 32, pages: 0 },
            { ...slot, time: 6, first: 32, value: withGuestMemfd, inode: 90 },
        ];
        const replay = madeReplay({}, events);
        const slotAt = async (time: number) => (await mapOf(replay, time)).facts.details.addressSpaces[0]?.memslots[0];
        assert.equal(await slotAt(1), undefined);
        assert.deepEqual([(await slotAt(2))?.gpa, (await slotAt(2))?.flags], ['0x10000', []]);
        assert.deepEqual((await slotAt(3))?.flags, ['log-dirty-pages']);
        assert.equal((await slotAt(4))?.gpa, '0x20000');
        assert.equal(await slotAt(5), undefined);
        const last = await slotAt(6);
        assert.deepEqual([last?.gmemOnly, last?.guestMemfd?.inode, last?.guestMemfd?.offset], [true, 90, '0x0']);
        assert.equal(runsOf((await mapOf(replay, 6)).runs)[0]?.guestUses, 'guest_memfd');
    });
});

describe('a replay that cannot be sure', () => {
    const slots = [madeSlot(0, 0, 100, 70)];
    const doubtsAt = async (replay: Replay, time: number) => {
        const { facts } = await mapOf(replay, time);
        return { consistent: facts.consistent, reasons: facts.unknown.map(({ reason }) => reason).join('\n') };
    };

    it('says from when on events were lost, and nothing of the time before', async () => {
        const replay = madeReplay({ slots }, [], { lostSince: () => 1_000_000 });
        assert.equal((await doubtsAt(replay, 999_999)).consistent, true);
        const { consistent, reasons } = await doubtsAt(replay, 1_000_000);
        assert.equal(consistent, false);
        assert.match(reasons, /events found no room after 1970-01-01T00:00:01\.000000Z/);
    });

    it('says which pages two calls at once were for, until one call alone sets them', async () => {
        const call = { kind: 'attributes', pages: 10 } as const;
        const change = { kind: 'attributes-changed', pages: 10 } as const;
        const replay = madeReplay({ slots }, [
            { ...change, thread: 1, time: 10, first: 20, value: privateValue },
            { ...change, thread: 2, time: 11, first: 25 },
            { ...call, thread: 2, time: 14, first: 25, microseconds: 4 },
            { ...call, thread: 1, time: 15, first: 20, value: privateValue, microseconds: 6 },
            { ...change, thread: 1, time: 20, first: 25 },
            { ...call, thread: 1, time: 21, first: 25, microseconds: 2 },
        ]);
        const { consistent, reasons } = await doubtsAt(replay, 16);
        assert.equal(consistent, false);
        assert.match(reasons, /5 pages, the first at 0x19000\+0x5000/);
        assert.equal((await doubtsAt(replay, 21)).consistent, true);
    });

    it('says so where a call failed after its change was told', async () => {
        const call = { first: 20, pages: 10, value: privateValue } as const;
        const failed = [
            { ...call, kind: 'attributes-changed', time: 10 },
            { ...call, kind: 'attributes', time: 12, microseconds: 5, result: -12 },
        ] as const;
        assert.match((await doubtsAt(madeReplay({ slots }, failed), 12)).reasons, /what a failed one has done/);
        // One that fails before that changes nothing.
        assert.equal((await doubtsAt(madeReplay({ slots }, failed.slice(1)), 12)).consistent, true);
    });

    it('says so where memslots would lie over each other, and changes no pages beyond belief', async () => {
        const over = madeReplay({ slots }, [{ kind: 'memslot', time: 5, number: 4, first: 50, pages: 100 }]);
        assert.match((await doubtsAt(over, 5)).reasons, /memslot 4 was made where memslot 0 is/);
        const wide = madeReplay({ slots }, [{ kind: 'attributes-changed', time: 5, first: 0, pages: 2 ** 40, value: privateValue }]);
        assert.match((await doubtsAt(wide, 5)).reasons, /was not replayed/);
    });

    it('says what the kernel does not record', async () => {
        const missing = [{ kinds: ['pages-added', 'pages-removed', 'memslot', 'attributes', 'attributes-changed'], reason: 'too old' }] as const;
        const { runs, facts } = await mapOf(madeReplay({ slots }, [], { missing }), 1);
        assert.equal(runsOf(runs)[0]?.gmemBacking.state, null);
        assert.equal(facts.consistent, false);
        for (const field of ['attribute', 'memslot', 'gmemBacking']) {
            assert.ok(facts.unknown.some((unknown) => unknown.field === field && unknown.reason.includes('too old')), field);
        }
    });

    it('is refused where the events that it would need were given up, and goes on from the states that were kept', async () => {
        const events: MadeEvent[] = Array.from({ length: 40 }, (_, i) => ({ kind: 'attributes-changed', time: 10 * i, first: i, pages: 1, value: privateValue }));
        const log = { ...madeLog(events), gapUntil: null as number | null };
        const rules = { tellsAttributeChanges: true, convertsInPlace: false };
        const history = new ReplayHistory({ time: -1, state: ReplayState.from({ slots, privatePages: pageSet(), guestMemfds: new Map() }) }, log, rules, { interval: 8, batch: 4 });
        await history.at(390, pace);
        log.gapUntil = 200;
        assert.equal(await history.at(150, pace), null);
        assert.ok((history.begin ?? 0) >= 200);
        const late = (await history.at(390, pace)) ?? assert.fail();
        assert.equal(late.state.privatePages.count(), 40);
        log.gapUntil = 1_000;
        assert.equal(history.begin, null);
        assert.equal(await history.at(390, pace), null);
    });
});
