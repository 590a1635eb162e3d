/**
 * What a conversion reports of the moments around its last change. The VMM is made up: no real one ends, and no user
 * presses Ctrl-C, at just that moment.
 */
import assert from 'node:assert/strict';
import type { AttributeChunk, InjectOutcome, VmRecord } from '../../../native/index';
import { prepareConversion, prepareRestoration } from '../../../src/agent/change/conversion';
import { Pace } from '../../../src/agent/pace';
import type { OpenVm } from '../../../src/agent/discovery/vmDirectory';
import { GuestmemError } from '../../../src/common/errors';
import type { ConvertReport } from '../../../src/common/change';
import { makeRange } from '../../../src/common/range';

const memslots = {
    count: 1,
    addressSpaces: Uint16Array.of(0),
    ids: Int16Array.of(0),
    gfns: Float64Array.of(0),
    pages: Float64Array.of(1 << 20),
    hvas: BigUint64Array.of(0x10000000n),
    flags: Uint32Array.of(4),
    gmemInodes: Float64Array.of(7),
    gmemPages: Float64Array.of(0),
};
const record: Partial<VmRecord> = { ownedByProcess: true, hasPrivateMemory: true, hasAttributeStore: true, addressSpaces: 1, memslots };
const nothingPrivate: AttributeChunk = {
    gfns: new Float64Array(),
    pages: new Float64Array(),
    values: new Uint8Array(),
    next: null,
    sequence: 0n,
    settled: true,
    quiet: true,
};
const done: InjectOutcome = { kind: 'done', error: null, tid: 2, stoppedMicroseconds: 1 };
const pieceBytes = 16n << 20n;

interface Kernel {
    readonly readAttributes: () => AttributeChunk | null;
    readonly setMemoryAttributes: () => InjectOutcome;
}

/** A VM of one memslot, all shared, whose kernel answers as `kernel` says. */
const vmOf = (kernel: Kernel) =>
    ({
        id: '1:2',
        fd: 2,
        identity: 1,
        process: { pid: 1, checkInjection: () => null, ...kernel },
        record,
        summary: { type: 'sw-protected', heldBy: 'vm' },
    }) as unknown as OpenVm;

async function convert(kernel: Kernel, pieces: bigint, signal = new AbortController().signal): Promise<ConvertReport> {
    const pace = new Pace(signal);
    const conversion = await prepareConversion(vmOf(kernel), makeRange(0n, pieces * pieceBytes), 'private', pace);
    return conversion.execute(pace);
}

describe('the report of a conversion', () => {
    it('tells what was changed when the VM ends before it is read again', async () => {
        let walks = 0;
        const readAttributes = () => (walks++ === 0 ? nothingPrivate : null);
        const report = await convert({ readAttributes, setMemoryAttributes: () => done }, 2n);
        assert.deepEqual([report.pagesChanged, report.stoppedMicroseconds], [8192, 2]);
        assert.match(report.warnings.at(-1) ?? '', /could not be read again.*1:2 ended/);
    });

    it('is of the whole change when the user cancels after the last piece', async () => {
        const cancellation = new AbortController();
        let calls = 0;
        const setMemoryAttributes = () => {
            if (++calls === 2) cancellation.abort();
            // Long enough for the conversion to look whether it was cancelled.
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
            return done;
        };
        const report = await convert({ readAttributes: () => nothingPrivate, setMemoryAttributes }, 2n, cancellation.signal);
        assert.equal(report.pagesChanged, 8192);
    });

    it('is one of a partial change when the user cancels before the last piece', async () => {
        const cancellation = new AbortController();
        const setMemoryAttributes = () => {
            cancellation.abort();
            return done;
        };
        await assert.rejects(
            convert({ readAttributes: () => nothingPrivate, setMemoryAttributes }, 3n, cancellation.signal),
            (thrown) =>
                thrown instanceof GuestmemError &&
                thrown.code === 'partial-change' &&
                thrown.data['pagesChanged'] === 4096 &&
                JSON.stringify(thrown.data['done']) === '[{"gpa":"0x0","size":"0x1000000"}]',
        );
    });

    it('is none when most of the range has no memslot, which would fill the kernel with attributes', async () => {
        const kernel = { readAttributes: () => nothingPrivate, setMemoryAttributes: () => assert.fail('it was begun') };
        const gibibyte = 1n << 30n;
        const pieces = (4n * gibibyte + 6n * gibibyte) / pieceBytes;
        await assert.rejects(convert(kernel, pieces), (thrown) => {
            assert.ok(thrown instanceof GuestmemError);
            assert.deepEqual([thrown.code, thrown.data['outside']], ['outside-memslots', '0x180000000']);
            return true;
        });
    });
});

describe('the restoration of attributes', () => {
    it('gives a run back its attribute, also one that lies where no memslot is', async () => {
        const pace = new Pace(new AbortController().signal);
        const vm = vmOf({ readAttributes: () => nothingPrivate, setMemoryAttributes: () => done });
        const slotEnd = 1n << 32n;
        const runs = [makeRange(slotEnd - 0x2000n, 0x1000n), makeRange(slotEnd, 0x3000n)];
        const restoration = await prepareRestoration(vm, runs.map((run) => ({ ...run, attribute: 'private' as const })), pace);
        assert.equal((await restoration.execute(pace)).pagesChanged, 4);
    });
});
