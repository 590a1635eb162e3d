/** .gmem files: what was written is read, and whatever else is in a file gives an error that says what is wrong. */
import assert from 'node:assert/strict';
import { gunzipSync, gzipSync } from 'node:zlib';
import { GuestmemError } from '../../../src/common/errors';
import { pageRunAt, PageRunsBuilder, type PageRuns } from '../../../src/common/pageRuns';
import { describePage, encodePageDetail, encodePageState } from '../../../src/common/pageState';
import { chunkHeaderBytes, mostRuns } from '../../../src/agent/snapshot/layout';
import { redactDetails, redactUnknown, withoutRegisters } from '../../../src/agent/snapshot/redaction';
import type { SnapshotHeader } from '../../../src/agent/snapshot/snapshotHeader';
import { writeSnapshot } from '../../../src/agent/snapshot/snapshotWriter';
import { madeDetails, makeHeader, makeRuns, makeSnapshot, openSnapshot } from '../../support/madeSnapshots';
import { makeRandomIntegers } from '../../support/random';

const columns = ['gfns', 'pages', 'memslots', 'states', 'details'] as const;

function assertSameRuns(found: PageRuns | undefined, expected: PageRuns): void {
    assert.equal(found?.count, expected.count);
    for (const column of columns) assert.deepEqual(found[column], expected[column], column);
}

async function refusal(file: Uint8Array): Promise<GuestmemError> {
    try {
        await openSnapshot(file);
    } catch (thrown) {
        assert(thrown instanceof GuestmemError && thrown.code === 'snapshot', String(thrown));
        return thrown;
    }
    return assert.fail('a file that cannot be right was opened');
}

interface Chunk {
    readonly name: string;
    readonly content: Buffer;
}

/** An independent reader and writer of the layout, as ARCHITECTURE.md describes it. */
function takeApart(file: Buffer): { preamble: Buffer; chunks: Chunk[] } {
    const preambleEnd = file.indexOf('\n', file.indexOf('\n') + 1) + 1;
    const chunks: Chunk[] = [];
    for (let at = preambleEnd; at < file.length; ) {
        const length = file.readUInt32LE(at + 4);
        const content = gunzipSync(file.subarray(at + chunkHeaderBytes, at + chunkHeaderBytes + length));
        chunks.push({ name: file.toString('latin1', at, at + 4), content });
        at += chunkHeaderBytes + length;
    }
    return { preamble: file.subarray(0, preambleEnd), chunks };
}

function putTogether(preamble: Buffer, chunks: readonly Chunk[]): Buffer {
    const parts = chunks.map(({ name, content }) => {
        const packed = gzipSync(content);
        const head = Buffer.alloc(chunkHeaderBytes);
        head.write(name, 'latin1');
        head.writeUInt32LE(packed.length, 4);
        return Buffer.concat([head, packed]);
    });
    return Buffer.concat([preamble, ...parts]);
}

/** The file with another content of the first chunk of a name. */
function withChunk(name: string, change: (content: Buffer) => Buffer | string): Buffer {
    const { preamble, chunks } = takeApart(makeSnapshot(makeRuns(1)));
    const at = chunks.findIndex((chunk) => chunk.name === name);
    return putTogether(
        preamble,
        chunks.map((chunk, index) => (index === at ? { name, content: Buffer.from(change(chunk.content)) } : chunk)),
    );
}

const withHeader = (change: (header: SnapshotHeader) => unknown): Buffer =>
    withChunk('HEAD', (content) => JSON.stringify(change(JSON.parse(content.toString()) as SnapshotHeader)));

describe('a snapshot file', () => {
    it('gives back what was written, of all address spaces, in parts of any size', async () => {
        const maps = [makeRuns(1), makeRuns(2)];
        const file = makeSnapshot(...maps);
        for (const partBytes of [1, 7, 1000, file.length]) {
            const { header, runs } = await openSnapshot(file, partBytes);
            assert.deepEqual(header, makeHeader(...maps));
            assert.equal(runs.length, 2);
            for (const [index, each] of runs.entries()) assertSameRuns(each, maps[index] ?? makeRuns(0));
        }
    });

    it('keeps runs across chunks, of many kinds, at the highest addresses', async () => {
        const upTo = makeRandomIntegers();
        const builder = new PageRunsBuilder();
        for (let i = 0; i < 200_000; i++) builder.append(3 * i, 1 + (i % 3), i >> 13, upTo(1 << 6), upTo(1 << 8));
        builder.append(2 ** 52 - 2 ** 40, 2 ** 40, -1, 1);
        const runs = builder.build();
        // Random bits may say the same in two ways; what was read and written once says it in one.
        const file = makeSnapshot(runs);
        const once = (await openSnapshot(file)).runs[0] ?? assert.fail();
        for (const column of ['gfns', 'pages', 'memslots'] as const) assert.deepEqual(once[column], runs[column]);
        for (let i = 0; i < runs.count; i += 97) assert.deepEqual(pageRunAt(once, i), pageRunAt(runs, i));
        assertSameRuns((await openSnapshot(makeSnapshot(once))).runs[0], once);
    });

    it('says in words all that the bits of a page say', () => {
        const upTo = makeRandomIntegers();
        for (let i = 0; i < 2000; i++) {
            const any = describePage(upTo(1 << 19), upTo(1 << 29));
            const [state, detail] = [encodePageState(any), encodePageDetail(any)];
            assert.deepEqual(describePage(state, detail), any);
        }
    });

    it('is laid out as it is described', () => {
        const runs = makeRuns(3);
        const { preamble, chunks } = takeApart(makeSnapshot(runs));
        assert.match(preamble.toString(), /^guestmem-snapshot 1\nHolds no guest content.*ASLR.*\n$/);
        assert.deepEqual([...new Set(chunks.map(({ name }) => name))], ['HEAD', 'KIND', 'RUNS', 'END.']);
        assert.deepEqual(JSON.parse(chunks[0]?.content.toString() ?? ''), makeHeader(runs));
        const kinds = JSON.parse(chunks[1]?.content.toString() ?? '') as { attribute: string; guestUses: string }[];
        const first = pageRunAt(runs, 0);
        assert.deepEqual([kinds[0]?.attribute, kinds[0]?.guestUses], [first.attribute, first.guestUses]);
        // Map 0, the number of runs as two bytes, three stretches: memslot 0, none, memslot 1.
        const packed = chunks[2]?.content ?? Buffer.alloc(0);
        assert.equal(packed[0], 0);
        assert.equal((packed[1] ?? 0) - 128 + 128 * (packed[2] ?? 0), runs.count);
        assert.deepEqual([packed[3], packed[4]], [3, 1]);
    });

    it('is small', () => {
        const builder = new PageRunsBuilder();
        const [one, other] = [encodePageState({ attribute: 'private', scope: 'vm', hva: 'absent', gmem: 'prepared' }), 0];
        for (let gfn = 0; gfn < 1 << 20; gfn++) builder.append(gfn, 1, 0, gfn % 2 === 0 ? one : other);
        assert.ok(makeSnapshot(builder.build()).length < 1 << 16);
    });

    it('ignores header fields that it does not know', async () => {
        const { header } = await openSnapshot(withHeader((known) => ({ ...known, mood: 'sunny', details: { ...known.details, more: [1] } })));
        assert.deepEqual(header, makeHeader(makeRuns(1)));
    });

    it('holds no registers, and redacted no names, paths and addresses of the host', () => {
        const shown = JSON.stringify(withoutRegisters(madeDetails));
        assert.doesNotMatch(shown, /ffffffff81000000/);
        assert.match(shown, /vm1/);
        const redacted = JSON.stringify(redactDetails(withoutRegisters(madeDetails)));
        assert.doesNotMatch(redacted, /vm1|qemu|memfd:|7f12|ffffffff81/);
        assert.match(redacted, /"hva":"0x101000"/);
        const reasons = redactUnknown([{ field: 'x', reason: 'a mapping at 0x7f001000 of /root/secret, memslot 3' }]);
        assert.deepEqual(reasons, [{ field: 'x', reason: 'a mapping at … of …, memslot 3' }]);
    });

    it('is not written beyond what is opened again', () => {
        const header = makeHeader(makeRuns(1));
        const tooMany = { ...header, maps: header.maps.map((map) => ({ ...map, runs: mostRuns + 1 })) };
        assert.throws(() => [...writeSnapshot(tooMany, () => [])], { code: 'unsupported' });
    });
});

describe('a file that is no whole snapshot', () => {
    const refusals: [what: string, file: () => Buffer, message: RegExp][] = [
        ['is empty', () => Buffer.alloc(0), /no snapshot.*it is empty/],
        ['is something else', () => Buffer.from('#!/bin/sh\n'), /no snapshot.*does not begin as one/],
        ['has lines without end', () => Buffer.from('guestmem-snapshot 1\n' + 'x'.repeat(5000)), /longer than 4096/],
        ['is of a newer version', () => Buffer.from('guestmem-snapshot 2\nanything'), /format version 2, and guestmem \S+ opens version 1.*newer guestmem/],
        ['was cut off in a chunk', () => makeSnapshot(makeRuns(1)).subarray(0, 900), /cut off: it ends after 900 bytes/],
        ['was cut off between chunks', () => putTogether(takeApart(makeSnapshot(makeRuns(1))).preamble, takeApart(makeSnapshot(makeRuns(1))).chunks.slice(0, -1)), /cut off/],
        ['goes on after its end', () => Buffer.concat([makeSnapshot(makeRuns(1)), Buffer.from('more')]), /something follows the end/],
        ['has a header that is no JSON', () => withChunk('HEAD', () => '{'), /HEAD cannot be used: its text is no JSON/],
        ['has a header that is no UTF-8', () => withChunk('HEAD', () => Buffer.from([0x22, 0xff, 0x22])), /HEAD cannot be used/],
        ['names a VM that cannot be', () => withHeader((header) => ({ ...header, details: { ...header.details, vm: { ...header.details.vm, pid: -1 } } })), /details\.vm\.pid is no whole number/],
        ['tells of too many runs', () => withHeader((header) => ({ ...header, maps: [{ ...header.maps[0], runs: mostRuns + 1 }] })), /maps\[0\]\.runs is no whole number from 0 to/],
        ['tells of more runs than it has', () => withHeader((header) => ({ ...header, maps: [{ ...header.maps[0], runs: 1e6 }] })), /runs instead of 1000000/],
        ['tells of fewer runs than it has', () => withHeader((header) => ({ ...header, maps: [{ ...header.maps[0], runs: 5 }] })), /more runs than the 5/],
        ['has no map', () => withHeader((header) => ({ ...header, maps: [] })), /it has no map/],
        ['has an array of everything', () => withHeader((header) => ({ ...header, details: { ...header.details, vcpus: new Array(70_000).fill(0) } })), /vcpus has more than 65536/],
        ['has a kind that cannot be', () => withChunk('KIND', (content) => content.toString().replace('"private"', '"public"')), /kinds\[\d+\]\.attribute is none of "private", "shared"/],
        ['has fewer kinds than its runs use', () => withChunk('KIND', () => '[]'), /of kind 0, and there are 0/],
        ['unpacks to more than there may be', () => withChunk('RUNS', () => Buffer.alloc(5 << 20)), /RUNS cannot be used/],
        ['has bytes after its runs', () => withChunk('RUNS', (content) => Buffer.concat([content, Buffer.from([0])])), /something follows the runs/],
        ['has its runs cut off', () => withChunk('RUNS', (content) => content.subarray(0, -1)), /end too early/],
        ['has runs of another map', () => withChunk('RUNS', (content) => Buffer.concat([Buffer.from([9]), content.subarray(1)])), /of map 9, and the header tells 1/],
        ['has an endless number', () => withChunk('RUNS', () => Buffer.alloc(20, 0xff)), /a number is too long/],
        ['has a run beyond all addresses', () => withChunk('RUNS', (content) => Buffer.concat([content.subarray(0, -1), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f])])), /beyond what a processor can address/],
    ];
    for (const [what, file, message] of refusals) {
        it(`is refused when it ${what}`, async () => {
            const error = await refusal(file());
            assert.match(error.message, message);
            assert.match(error.message, /^The snapshot cannot be opened: .*\. [A-Z].*\.$/s);
            assert.ok(error.message.length < 500, error.message);
        });
    }

    it('says at which byte it is damaged', async () => {
        const file = makeSnapshot(makeRuns(1));
        const at = file.indexOf('RUNS');
        file[at + 40] = (file[at + 40] ?? 0) ^ 0x10;
        const error = await refusal(file);
        assert.match(error.message, new RegExp(`at byte ${at} the chunk RUNS cannot be used`));
        assert.equal(error.data['at'], at);
    });

    it('gives an error or a map that can be, whatever bytes are changed, cut, doubled or moved', async () => {
        const upTo = makeRandomIntegers();
        const whole = makeSnapshot(makeRuns(1));
        let opened = 0;
        for (let round = 0; round < 1500; round++) {
            opened += Number(await isOpened(spoil(Buffer.from(whole), upTo)));
        }
        // Only a note, or bytes of gzip that mean nothing, can be changed unnoticed.
        assert.ok(opened < 750, `${opened} were opened`);
    });

    it('gives the same behind the checksums', async () => {
        const upTo = makeRandomIntegers();
        const { preamble, chunks } = takeApart(makeSnapshot(makeRuns(1)));
        let opened = 0;
        for (let round = 0; round < 1500; round++) {
            const at = upTo(chunks.length);
            const spoilt = chunks.map((chunk, index) => (index === at ? { ...chunk, content: spoil(Buffer.from(chunk.content), upTo) } : chunk));
            opened += Number(await isOpened(putTogether(preamble, spoilt)));
        }
        assert.ok(opened > 0, 'no change was one that makes another valid map');
    });
});

function spoil(bytes: Buffer, upTo: (limit: number) => number): Buffer {
    const at = upTo(bytes.length);
    switch (upTo(5)) {
        case 0:
            return bytes.subarray(0, at);
        case 1:
            return Buffer.concat([bytes.subarray(0, at), bytes.subarray(upTo(bytes.length))]);
        case 2:
            return Buffer.concat([bytes, bytes.subarray(at)]);
        case 3:
            bytes[at] = upTo(256);
            return bytes;
        default:
            bytes[at] = (bytes[at] ?? 0) ^ (1 << upTo(8));
            return bytes;
    }
}

/** False when it was refused as it should be. */
async function isOpened(file: Uint8Array): Promise<boolean> {
    try {
        const { header, runs } = await openSnapshot(file);
        assert.equal(runs.length, header.maps.length);
        for (const each of runs) assertPossible(each);
        return true;
    } catch (thrown) {
        assert(thrown instanceof GuestmemError && thrown.code === 'snapshot', thrown instanceof Error ? thrown.stack : String(thrown));
        return false;
    }
}

function assertPossible(runs: PageRuns): void {
    let end = 0;
    for (let i = 0; i < runs.count; i++) {
        const [gfn = -1, pages = 0, memslot = -2] = [runs.gfns[i], runs.pages[i], runs.memslots[i]];
        assert.ok(gfn >= end && pages > 0 && gfn + pages <= 2 ** 52 && memslot >= -1 && memslot <= 0xffff, `run ${i}`);
        end = gfn + pages;
    }
}
