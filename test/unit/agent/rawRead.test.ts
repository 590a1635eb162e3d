import assert from 'node:assert/strict';
import { readRaw } from '../../../src/agent/commandLine/rawRead';
import { GuestmemError, type ErrorCode } from '../../../src/common/errors';

const part = 16n << 20n;

/** A guest of parts of 16 MiB, each filled with its number or refused; what is written to stdout meanwhile is kept. */
async function read(...parts: (number | ErrorCode)[]) {
    const written: Uint8Array[] = [];
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (data: string | Uint8Array) => written.push(data as Uint8Array) > 0;
    try {
        const sources = await readRaw(
            (from, count) => {
                const content = parts[Number(from / part)] ?? 0;
                if (typeof content === 'string') throw new GuestmemError(content, content);
                return Promise.resolve({
                    gpa: '0x0',
                    size: '0x0',
                    bytes: new Uint8Array(Number(count)).fill(content),
                    ranges: [{ gpa: '0x0', size: '0x0', source: 'page' }],
                });
            },
            0n,
            part * BigInt(parts.length - 1) + 5n,
        );
        return { sources, written: written.map((bytes) => [bytes[0], bytes.length]) };
    } catch (thrown) {
        return { code: (thrown as GuestmemError).code, written: written.length };
    } finally {
        process.stdout.write = write;
    }
}

describe('a raw read', () => {
    const whole = Number(part);
    it('writes all parts in order, the last one as long as it is', async () => {
        assert.deepEqual(await read(1, 2, 3), { sources: ['page', 'page', 'page'], written: [[1, whole], [2, whole], [3, 5]] });
    });

    it('writes zeros for parts that are refused, wherever they lie', async () => {
        assert.deepEqual(await read('private-memory', 2, 'outside-memslots'), {
            sources: ['private', 'page', 'outside'],
            written: [[0, whole], [2, whole], [0, 5]],
        });
    });

    it('writes nothing when all is refused', async () => {
        assert.deepEqual(await read('private-memory', 'private-memory'), { code: 'private-memory', written: 0 });
    });

    it('stops at any other failure', async () => {
        assert.deepEqual(await read(1, 'no-such-process', 3), { code: 'no-such-process', written: 1 });
    });
});
