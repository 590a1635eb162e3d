/** Writes a .gmem file, piece by piece: of millions of runs only a chunk is packed at a time. */
import { gzipSync } from 'node:zlib';
import { errors } from '../../common/errors';
import type { PageRuns } from '../../common/pageRuns';
import { chunkHeaderBytes, chunkLimits, formatVersion, magic, mostKinds, mostRuns, mostRunsInChunk, snapshotNote, type ChunkName } from './layout';
import { KindNumbers } from './pageKinds';
import { packRuns } from './runsChunk';
import type { SnapshotHeader } from './snapshotHeader';
import { VarintWriter } from './varints';

/** Runs repeat so much that more effort packs them little better. */
const level = 1;

/** `runsOf` gives the runs of one of the header's maps, in parts of any size, in order. */
export function* writeSnapshot(header: SnapshotHeader, runsOf: (map: number) => Iterable<PageRuns>): Generator<Uint8Array> {
    const total = header.maps.reduce((sum, { runs }) => sum + runs, 0);
    if (total > mostRuns) {
        throw errors.unsupported('Saving this map', `it has ${total} runs, and a snapshot holds at most ${mostRuns}; save one address space, or look at a part of it with 'guestmem map --range'`);
    }
    yield Buffer.from(`${magic}${formatVersion}\n${snapshotNote(header.redacted)}\n`);
    yield chunk('HEAD', Buffer.from(JSON.stringify(header)));
    const writer = new VarintWriter();
    const kinds = new KindNumbers();
    for (const map of header.maps.keys()) {
        let end = 0;
        for (const runs of runsOf(map)) {
            for (let from = 0; from < runs.count; from += mostRunsInChunk) {
                const to = Math.min(runs.count, from + mostRunsInChunk);
                const packed = packRuns(writer, kinds, map, runs, from, to, end);
                yield* kindChunks(kinds);
                yield chunk('RUNS', packed);
                end = (runs.gfns[to - 1] ?? 0) + (runs.pages[to - 1] ?? 0);
            }
        }
    }
    yield chunk('END.', Buffer.from('{}'));
}

/** Some thousands of kinds fit into one chunk. */
const kindsInChunk = 4096;

function* kindChunks(kinds: KindNumbers): Generator<Uint8Array> {
    const facts = kinds.takeNew();
    if (kinds.count > mostKinds) throw errors.unsupported('Saving this map', `its pages are of more than ${mostKinds} kinds`);
    for (let from = 0; from < facts.length; from += kindsInChunk) {
        yield chunk('KIND', Buffer.from(JSON.stringify(facts.slice(from, from + kindsInChunk))));
    }
}

function chunk(name: ChunkName, content: Uint8Array): Uint8Array {
    if (content.length > chunkLimits[name]) throw errors.unsupported('Saving this map', `the part ${name} of the file would be larger than ${chunkLimits[name]} bytes`);
    const packed = gzipSync(content, { level });
    const bytes = Buffer.alloc(chunkHeaderBytes + packed.length);
    bytes.write(name, 0, 'latin1');
    bytes.writeUInt32LE(packed.length, 4);
    bytes.set(packed, chunkHeaderBytes);
    return bytes;
}
