import assert from 'node:assert/strict';
import type { VmmProcess } from '../../../native/index';
import { Pace } from '../../../src/agent/pace';
import { UnstampedReads } from '../../../src/agent/pages/unstampedReads';

const pace = new Pace(new AbortController().signal);

/** A process whose dirty bitmap says what the test wants. */
const processWith = (pages: () => number[]): VmmProcess =>
    ({
        readDirtyPages: () => ({ first: Float64Array.from(pages()), pages: Float64Array.from(pages()), states: new Uint8Array(), next: null }),
    }) as unknown as VmmProcess;
const read = (process: VmmProcess) => process.readDirtyPages(0, 0, 0, 1);

describe('unstamped reads', () => {
    it('are the same as long as every one is, by whatever handle they are read again', async () => {
        let dirty = [1];
        const reads = new UnstampedReads(processWith(() => dirty));
        const result = reads.read(read);
        assert.deepEqual(result?.first, Float64Array.from([1]));
        reads.read(read);
        assert.equal(await reads.areSame(processWith(() => dirty), pace), true);
        dirty = [2];
        assert.equal(await reads.areSame(processWith(() => dirty), pace), false);
        dirty = [];
        assert.equal(await reads.areSame(processWith(() => dirty), pace), false);
    });

    it('are not the same where one failed', async () => {
        const reads = new UnstampedReads(
            processWith(() => {
                throw new Error('EAGAIN');
            }),
        );
        assert.throws(() => reads.read(read), /EAGAIN/);
        assert.equal(await reads.areSame(processWith(() => []), pace), false);
    });

    it('stay failed when a later one succeeds', async () => {
        let fails = true;
        const process = processWith(() => {
            if (fails) throw new Error('EAGAIN');
            return [];
        });
        const reads = new UnstampedReads(process);
        assert.throws(() => reads.read(read), /EAGAIN/);
        fails = false;
        reads.read(read);
        assert.equal(await reads.areSame(process, pace), false);
    });

    it('count the bytes of what they hold', () => {
        const reads = new UnstampedReads(processWith(() => [1, 2, 3]));
        assert.equal(reads.bytes, 0);
        reads.read(read);
        assert.equal(reads.bytes, 48);
    });
});
