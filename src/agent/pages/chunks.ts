import type { Pace } from '../pace';

interface Chunk {
    readonly next: number | null;
}

/** Reads [start, end) chunk by chunk, with a breath between them; null as soon as a chunk is null (the fd has gone). */
export async function readChunks<T extends Chunk>(
    pace: Pace,
    start: number,
    end: number,
    read: (from: number) => T | null,
): Promise<T[] | null> {
    const chunks: T[] = [];
    for (let from: number | null = start; from !== null && from < end; ) {
        const chunk: T | null = read(from);
        if (chunk === null) return null;
        chunks.push(chunk);
        pace.advance((chunk.next ?? end) - from);
        from = chunk.next;
        await pace.breathe();
    }
    return chunks;
}
