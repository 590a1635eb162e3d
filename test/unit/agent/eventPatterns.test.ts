/** Patterns in made-up events: what is one, what is none, and what is remembered of events without end. */
import assert from 'node:assert/strict';
import { PageBits } from '../../../src/agent/events/patterns/pageBits';
import { RecentPages } from '../../../src/agent/events/patterns/recentPages';
import { mergeRanges } from '../../../src/agent/events/patterns/sightings';
import { confidential, madePages, madePatterns, makeColumns, type MadeEvent } from '../../support/madePatterns';
import { makeRandomIntegers, seed } from '../../support/random';

const page = 4096n;
const base = 4n << 30n;
const millisecond = 1000;
const second = 1_000_000;

const conversion = (time: number, start: bigint, size: bigint, toPrivate: boolean, thread = 100): MadeEvent => ({
    kind: 'attributes-changed',
    time,
    start,
    size,
    value: toPrivate ? 8n : 0n,
    thread,
});

function findingsIn(events: readonly MadeEvent[], patterns = madePatterns()) {
    patterns.learn(null);
    patterns.take(makeColumns(events));
    return patterns.findings();
}

const only = (events: readonly MadeEvent[], patterns = madePatterns()) => {
    const findings = findingsIn(events, patterns);
    assert.equal(findings.length, 1, JSON.stringify(findings.map(({ title }) => title)));
    return findings[0] ?? assert.fail();
};

describe('ping-pong conversions', () => {
    const turns = (count: number, gap: number, size = 4n * page) =>
        Array.from({ length: count }, (_, i) => conversion(i * gap, base + 16n * page, size, i % 2 === 0, 100 + (i % 2)));

    it('are found with range, rate and both callers, and whether the guest asked', () => {
        const asked = turns(21, 10 * millisecond).flatMap((event): MadeEvent[] => [
            { ...event, kind: 'conversion-asked', value: event.value === 8n ? 16n : 0n, time: event.time - 1 },
            event,
        ]);
        const finding = only(asked);
        assert.equal(finding.kind, 'ping-pong-conversion');
        assert.deepEqual(finding.ranges, [{ gpa: '0x100010000', size: '0x4000' }]);
        assert.equal(finding.bytes, 0x4000);
        assert.equal(finding.memslot, 1);
        assert.deepEqual(finding.seen?.threads, [100, 101]);
        assert.deepEqual(finding.seen.vcpus, [0, 1]);
        assert.equal(finding.seen.times, 20);
        assert.ok(Math.abs((finding.seen.perSecond ?? 0) - 100) < 6, String(finding.seen.perSecond));
        assert.match(finding.explanation, /To private by thread 100 \(vCPU 0\), to shared by thread 101 \(vCPU 1\)\. The guest asked for them/);
    });

    it('are told apart from conversions of which the guest asked for none', () => {
        assert.match(only(turns(21, 10 * millisecond)).explanation, /No KVM_HC_MAP_GPA_RANGE of the guest came before/);
    });

    it('need to come again and again in a short time', () => {
        assert.deepEqual(findingsIn(turns(8, 10 * millisecond)), []);
        assert.deepEqual(findingsIn(turns(40, 3 * second)), []);
        assert.deepEqual(findingsIn(Array.from({ length: 40 }, (_, i) => conversion(i, base, page, true))), []);
        assert.deepEqual(findingsIn(Array.from({ length: 2000 }, (_, i) => conversion(i, base + BigInt(i) * page, page, i % 2 === 0))), []);
    });

    it('are found in ranges of any size, also where the parts go back one by one', () => {
        assert.deepEqual(only(turns(20, millisecond, 1n << 29n)).ranges, [{ gpa: '0x100010000', size: '0x20000000' }]);
        const parts: MadeEvent[] = [];
        for (let i = 0; i < 20; i++) {
            parts.push(conversion(i * 20 * millisecond, base, 8n * page, true));
            for (let at = 0n; at < 8n; at++) parts.push(conversion(i * 20 * millisecond + 10 * millisecond, base + at * page, page, false));
        }
        assert.deepEqual(only(parts).ranges, [{ gpa: '0x100000000', size: '0x8000' }]);
    });

    it('are told by the calls where KVM does not tell the changes, and only by those that succeeded', () => {
        const calls = turns(20, millisecond).map((event): MadeEvent => ({ ...event, kind: 'attributes' }));
        assert.equal(only(calls, madePatterns({ tellsChanges: false })).kind, 'ping-pong-conversion');
        assert.deepEqual(findingsIn(calls), []);
        const failed = calls.map((event) => ({ ...event, result: -22 }));
        assert.deepEqual(findingsIn(failed, madePatterns({ tellsChanges: false })).map(({ kind }) => kind), ['conversion-refused']);
    });

    it('are found in the attributes of a guest_memfd, at the GPAs that it is bound to', () => {
        const slots = [{ ...confidential, gmemPage: 32 }];
        const events = turns(20, millisecond).map((event): MadeEvent => ({ ...event, kind: 'guest-memfd-attributes', inode: 7, start: 40n * page }));
        assert.deepEqual(only(events, madePatterns({ slots, hasVmScope: false })).ranges, [{ gpa: '0x100008000', size: '0x4000' }]);
    });
});

describe('fault loops', () => {
    const exit = (time: number, gpa: bigint, value = 8n): MadeEvent => ({ kind: 'memory-fault', time, start: gpa, size: page, value, number: 1, thread: 101 });
    const fault = (time: number, gpa: bigint, value = 0n): MadeEvent => ({ kind: 'fault', time, start: gpa, value, number: 0 });

    it('are exits for one page again and again, with its vCPU and rate', () => {
        const finding = only(Array.from({ length: 20 }, (_, i) => exit(i * 10 * millisecond, base + page)));
        assert.equal(finding.kind, 'fault-loop');
        assert.deepEqual(finding.ranges, [{ gpa: '0x100001000', size: '0x1000' }]);
        assert.deepEqual(finding.seen?.vcpus, [1]);
        assert.ok((finding.seen.perSecond ?? 0) > 90);
        assert.equal(finding.action.command, 'guestmem convert 1:2 0x100001000+0x1000 private');
    });

    it('end with a conversion, a mapping or a change of the memslots', () => {
        const broken = (between: MadeEvent[]) =>
            Array.from({ length: 40 }, (_, i) => [exit(i * millisecond, base), ...(i % 5 === 4 ? between.map((event) => ({ ...event, time: i * millisecond })) : [])]).flat();
        assert.equal(findingsIn(broken([])).length, 1);
        assert.deepEqual(findingsIn(broken([conversion(0, base, page, true)])), []);
        assert.deepEqual(findingsIn(broken([{ kind: 'mapped', time: 0, start: base, size: 2n << 20n }])), []);
        assert.deepEqual(findingsIn(broken([{ kind: 'memslot', time: 0, number: 9, start: 1n << 40n, size: page }])), []);
        assert.equal(findingsIn(broken([{ kind: 'mapped', time: 0, start: base + page, size: page }])).length, 1);
    });

    it('are faults without any exit, where they go on for long', () => {
        const loop = (count: number, gap: number, gpa: bigint, value = 0n) => Array.from({ length: count }, (_, i) => fault(i * gap, gpa + BigInt(i % 4096), value));
        assert.equal(only(loop(300, 5 * millisecond, base)).kind, 'fault-loop');
        assert.deepEqual(findingsIn(loop(20_000, 20, base)), [], 'less than a second, as a long conversion takes');
        assert.deepEqual(findingsIn(loop(300, 5 * millisecond, 1n << 40n)), [], 'no memslot: MMIO');
    });

    it('are not the faults that ROM, dirty logging and the shadow MMU make by design', () => {
        const writes = Array.from({ length: 300 }, (_, i) => fault(i * 5 * millisecond, base, 2n));
        assert.equal(findingsIn(writes).length, 1);
        assert.deepEqual(findingsIn(writes, madePatterns({ slots: [{ ...confidential, readonly: true }] })), []);
        assert.deepEqual(findingsIn(writes, madePatterns({ slots: [{ ...confidential, logsDirtyPages: true }] })), []);
        assert.deepEqual(findingsIn(writes.map((event): MadeEvent => ({ ...event, kind: 'shadow-fault', size: 1n }))), []);
    });
});

describe('private memory without guest_memfd', () => {
    const asked = (start: bigint, size: bigint): MadeEvent => ({ kind: 'conversion-asked', time: 5, start, size, value: 16n });

    it('says what is at the address: plain memory, ROM, or nothing', () => {
        const inMemory = only([asked(16n * page, 2n * page)]);
        assert.equal(inMemory.memslot, 0);
        assert.match(inMemory.explanation, /slot 0 is memory without guest_memfd.*asked for by the guest once, by thread 100 \(vCPU 0\)/);
        assert.match(only([asked(0xfed45000n, page)]).explanation, /no memslot is there/);
        const rom = madePatterns({ slots: [confidential, { ...confidential, id: 3, gfn: 0xf0, end: 0x100, readonly: true, hasGuestMemfd: false, gmemInode: null }] });
        assert.match(only([asked(0xf0000n, page)], rom).explanation, /slot 3 is read-only memory \(ROM\) without guest_memfd/);
    });

    it('is told once for each memslot, whatever came of it: asked for, made, accessed', () => {
        const events: MadeEvent[] = [asked(0n, page), conversion(6, 0n, page, true), { kind: 'memory-fault', time: 7, start: 0n, size: page, value: 8n, number: 0 }];
        const finding = only(events);
        assert.equal(finding.seen?.times, 3);
        assert.deepEqual(finding.ranges, [{ gpa: '0x0', size: '0x1000' }]);
        assert.equal(finding.action.does, 'convert-to-shared');
    });

    it('is nothing of memory with guest_memfd, of conversions to shared, and of shared accesses', () => {
        const shared: MadeEvent = { ...asked(0n, page), value: 0n };
        assert.deepEqual(findingsIn([asked(base, page), shared, conversion(5, 0n, page, false), { kind: 'memory-fault', time: 7, start: 0n, size: page, value: 0n, number: 0 }]), []);
    });

    it('follows the memslots: one that comes later has its guest_memfd', () => {
        const memslot: MadeEvent = { kind: 'memslot', time: 1, number: 5, start: 8n << 30n, size: 1n << 20n, value: 4n, detail: 0x7f0000000000n, inode: 7, inodeOffset: 0n };
        assert.deepEqual(findingsIn([memslot, conversion(5, 8n << 30n, page, true)]), []);
        assert.equal(findingsIn([memslot, { ...memslot, time: 2, size: 0n }, conversion(5, 8n << 30n, page, true)]).length, 1);
    });
});

describe('conversions that KVM refuses', () => {
    it('name the page that is held, and its GPA', () => {
        const call: MadeEvent = { kind: 'guest-memfd-attributes', time: 1, inode: 7, start: 16n * page, size: 4n * page, value: 8n, detail: 18n * page, result: -11 };
        const finding = only([call, { ...call, time: 9 }], madePatterns({ hasVmScope: false }));
        assert.equal(finding.kind, 'conversion-held');
        assert.deepEqual(finding.guestMemfd, { inode: 7, ranges: [{ offset: '0x12000', size: '0x1000' }] });
        assert.deepEqual(finding.ranges, [{ gpa: '0x100010000', size: '0x4000' }]);
        assert.equal(finding.seen?.times, 2);
    });
});

describe('attributes at punches and allocations', () => {
    const punch: MadeEvent = { kind: 'punch', time: 100, inode: 7, start: 0n, size: 8n * page, duration: 10_000 };
    const start = () => {
        const patterns = madePatterns();
        patterns.learn(madePages([{ page: 0, pages: 4, attribute: 'private' }, { page: 4, pages: 4 }]));
        return patterns;
    };
    const kindsIn = (events: MadeEvent[], patterns = start()) => {
        patterns.take(makeColumns(events));
        return patterns.findings().map(({ kind, ranges }) => ({ kind, ranges }));
    };

    it('are wrong where the page is still private when it is punched', () => {
        const expected = [{ kind: 'wrong-attribute-at-punch', ranges: [{ gpa: '0x100000000', size: '0x4000' }] }];
        assert.deepEqual(kindsIn([punch]), expected);
        assert.deepEqual(kindsIn([conversion(10, base, 2n * page, false), punch]), [{ kind: 'wrong-attribute-at-punch', ranges: [{ gpa: '0x100002000', size: '0x2000' }] }]);
    });

    it('are right when it was converted before, and not known when it was at the same time', () => {
        assert.deepEqual(kindsIn([conversion(10, base, 8n * page, false), punch]), []);
        assert.deepEqual(kindsIn([conversion(95, base, page, true), punch]), []);
        assert.deepEqual(kindsIn([punch], madePatterns()), []);
        assert.deepEqual(kindsIn([{ ...punch, result: -5 }]), []);
    });

    it('are worth a word where shared pages are allocated', () => {
        assert.deepEqual(kindsIn([{ ...punch, kind: 'allocate' }]), [{ kind: 'wrong-attribute-at-allocation', ranges: [{ gpa: '0x100004000', size: '0x4000' }] }]);
    });

    it('are judged after the pages are known, however late these come', () => {
        const patterns = madePatterns();
        patterns.take(makeColumns([conversion(10, base, 8n * page, false), punch]));
        patterns.learn(madePages([{ page: 0, pages: 8, attribute: 'private' }]));
        assert.deepEqual(patterns.findings(), []);
        patterns.take(makeColumns([conversion(200, base, page, true), { ...punch, time: 300 }]));
        assert.deepEqual(patterns.news().map(({ kind }) => kind), ['wrong-attribute-at-punch']);
        assert.deepEqual(patterns.news(), []);
    });
});

describe('growth of what is backed twice', () => {
    const pages = 512n;
    const added = (kind: 'pages-added' | 'pages-removed', first = 0n): MadeEvent[] =>
        Array.from({ length: Number(pages) }, (_, i) => ({ kind, time: i, inode: 7, start: (first + BigInt(i)) * page, size: page }));
    const mapped: MadeEvent = { kind: 'mapped', time: 0, start: base, size: pages * page };

    it('is found where a guest_memfd gets pages that the HVA has, and the other way round', () => {
        const patterns = madePatterns();
        patterns.learn(madePages([{ page: 0, pages: 1024, hva: 'present' }]));
        patterns.take(makeColumns(added('pages-added', 256n)));
        const [finding] = patterns.findings();
        assert.equal(finding?.kind, 'growing-double-backed');
        assert.deepEqual(finding.ranges, [{ gpa: '0x100100000', size: '0x200000' }]);
        assert.equal(finding.bytes, 2 << 20);
        assert.deepEqual(only([...added('pages-added'), mapped]).bytes, 2 << 20);
    });

    it('is found in what happened before the pages were known, as these then are', () => {
        const patterns = madePatterns();
        patterns.take(makeColumns([mapped, conversion(0, base, pages * page, true), ...added('pages-added')]));
        patterns.learn(madePages([{ page: 0, pages: 512, attribute: 'private' }]));
        assert.deepEqual(patterns.findings().map(({ kind, bytes }) => ({ kind, bytes })), [{ kind: 'growing-double-backed', bytes: 2 << 20 }]);
    });

    it('shrinks when either side is given back', () => {
        const bytes = (...events: MadeEvent[]) => only([mapped, ...added('pages-added'), ...events]).bytes;
        assert.equal(bytes({ kind: 'unmapped', time: 600, start: confidential.hva + 4n * page, size: 12n * page }), (512 - 12) * 4096);
        assert.equal(bytes(...added('pages-removed').slice(0, 100)), 412 * 4096);
        assert.equal(bytes(...added('pages-removed').slice(0, 100), ...added('pages-added').slice(0, 100)), 512 * 4096);
    });

    it('is not a private page that KVM maps, nor a few pages, nor the same pages on both sides', () => {
        const converted = conversion(0, base, pages * page, true);
        assert.deepEqual(findingsIn([converted, mapped, ...added('pages-added')]), []);
        assert.deepEqual(findingsIn([mapped, ...added('pages-added').slice(0, 200)]), []);
        const same = madePatterns();
        same.learn(madePages([{ page: 0, pages: 512, hva: 'present', gmem: 'prepared', samePage: true }]));
        same.take(makeColumns(added('pages-added')));
        assert.deepEqual(same.findings(), []);
        assert.deepEqual(findingsIn([mapped, ...added('pages-added')], madePatterns({ slots: [{ ...confidential, gmemOnly: true }] })), []);
    });
});

describe('what patterns remember', () => {
    it('has a limit, whatever the events are', () => {
        const patterns = madePatterns();
        patterns.learn(null);
        const integer = makeRandomIntegers();
        const kinds = ['memory-fault', 'attributes-changed', 'conversion-asked', 'pages-added', 'fault', 'mapped'] as const;
        for (let round = 0; round < 20; round++) {
            const events = Array.from({ length: 20_000 }, (_, i): MadeEvent => {
                const kind = kinds[integer(kinds.length)] ?? 'fault';
                return { kind, time: round * 20_000 + i, start: BigInt(integer(1 << 28)) * page, size: BigInt(1 + integer(3)) * page, value: BigInt(integer(32)), thread: integer(1 << 20), number: integer(64), inode: 7 };
            });
            patterns.take(makeColumns(events));
        }
        const findings = patterns.findings();
        assert.ok(findings.length <= 3 * 1024, String(findings.length));
        for (const { ranges, seen } of findings) {
            assert.ok(ranges.length <= 100);
            assert.ok((seen?.threads.length ?? 0) <= 16);
        }
    });

    it('of pages are those that were looked up last', () => {
        const recent = new RecentPages<number>(100);
        for (let at = 0; at < 10_000; at++) {
            recent.set(at, at);
            assert.equal(recent.get(at - 50), at < 50 ? undefined : at - 50);
        }
        assert.ok(recent.size <= 200);
        assert.equal(recent.get(10), undefined);
        recent.forget(9_990, 9_995);
        assert.equal(recent.get(9_992), undefined);
        assert.equal(recent.get(9_996), 9_996);
    });

    it(`of bits is what was set and cleared, as in a plain set of pages (seed ${seed})`, () => {
        const integer = makeRandomIntegers();
        const bits = new PageBits();
        const expected = new Set<number>();
        const top = 100_000;
        for (let round = 0; round < 300; round++) {
            const first = integer(top);
            const end = Math.min(top, first + 1 + integer(integer(3) === 0 ? 80_000 : 70));
            const on = integer(2) === 0;
            let changed = 0;
            for (let at = first; at < end; at++) {
                if (expected.has(at) === on) continue;
                changed++;
                if (on) expected.add(at);
                else expected.delete(at);
            }
            assert.equal(on ? bits.set(first, end) : bits.clear(first, end), changed);
        }
        const runs = [...bits.runs(0, top)];
        assert.equal(runs.reduce((sum, { first, end }) => sum + end - first, 0), expected.size);
        assert.deepEqual(runs, mergeRanges(runs).sort((a, b) => a.first - b.first));
        for (let at = 0; at < top; at += 7) assert.equal(bits.has(at), expected.has(at));
    });
});
