/** `guestmem read --raw`: any amount of guest memory as bytes, in parts. */
import { toGuestmemError } from '../../common/errors';
import type { ReadSource } from '../../common/model';
import type { Handlers } from '../handlers';
import { print } from './output';

type ReadPart = (from: bigint, count: bigint) => ReturnType<Handlers['read']>;

/** Bytes of one request. */
const largestPart = 16n << 20n;

/**
 * Returns what the bytes came from. A part that is refused as a whole (all of it private, or no memslot there) is
 * written as zeros, but only once another part was read: when none was, the refusal is the answer and nothing is written.
 */
export async function readRaw(read: ReadPart, start: bigint, size: bigint): Promise<ReadSource[]> {
    const sources: ReadSource[] = [];
    const refused: bigint[] = [];
    let refusal: Error | undefined;
    let wrote = false;
    const writeRefused = async () => {
        for (const count of refused.splice(0)) await print(new Uint8Array(Number(count)));
    };
    const end = start + size;
    let at = start;
    do {
        const count = end - at < largestPart ? end - at : largestPart;
        try {
            const part = await read(at, count);
            await writeRefused();
            await print(part.bytes);
            wrote = true;
            sources.push(...part.ranges.map(({ source }) => source));
        } catch (thrown) {
            const error = toGuestmemError(thrown);
            if (error.code !== 'private-memory' && error.code !== 'outside-memslots') throw thrown;
            refusal ??= error;
            refused.push(count);
            sources.push(error.code === 'private-memory' ? 'private' : 'outside');
        }
        at += count;
    } while (at < end);
    if (!wrote && refusal !== undefined) throw refusal;
    await writeRefused();
    return sources;
}
