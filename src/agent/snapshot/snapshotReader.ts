/**
 * Reads a .gmem file from parts of any size, as they come. It may come from anybody: what it takes of memory is bounded
 * by layout.ts, whatever the file says, and it ends with a snapshot or with an error that says what is wrong where.
 */
import { gunzipSync } from 'node:zlib';
import { version } from '../../../package.json';
import { errors, GuestmemError } from '../../common/errors';
import type { PageRuns } from '../../common/pageRuns';
import type { Pace } from '../pace';
import { chunkHeaderBytes, chunkLimits, chunkNames, damaged, formatVersion, longestPreamble, magic, mostRuns, type ChunkName } from './layout';
import { KindTable } from './pageKinds';
import { RunColumns } from './runsChunk';
import { ShapeError } from './shape';
import { checkHeader, type SnapshotHeader } from './snapshotHeader';
import { VarintReader } from './varints';

export interface Snapshot {
    readonly header: SnapshotHeader;
    /** In the order of the header's maps. */
    readonly runs: readonly PageRuns[];
}

const newline = 10;

export class SnapshotReader {
    /** What came and was not used yet, which begins at byte `at` of the file. */
    private pending: Uint8Array[] = [];
    private pendingBytes = 0;
    private at = 0;
    private isPastPreamble = false;
    private header: SnapshotHeader | undefined;
    private columns: readonly RunColumns[] = [];
    private readonly kinds = new KindTable();
    private isEnded = false;

    async push(part: Uint8Array, pace: Pace): Promise<void> {
        this.pending.push(part);
        this.pendingBytes += part.length;
        if (!this.isPastPreamble && !this.readPreamble()) return;
        while (this.readChunk()) await pace.breathe();
        if (this.isEnded && this.pendingBytes > 0) throw damaged('something follows the end of the snapshot', this.at);
    }

    /** After the last part. */
    finish(): Snapshot {
        const { header } = this;
        if (!this.isPastPreamble) throw notASnapshot(this.at + this.pendingBytes === 0 ? 'it is empty' : 'its first lines have no end');
        if (header === undefined || !this.isEnded) {
            const size = this.at + this.pendingBytes;
            throw errors.snapshot(`the file was cut off: it ends after ${size} bytes, before its end mark`, 'Get it again, or save the snapshot anew.', { at: size });
        }
        return { header, runs: this.columns.map((columns) => columns.build()) };
    }

    /** True when the two lines of text are there and were read. */
    private readPreamble(): boolean {
        const bytes = this.peek(Math.min(this.pendingBytes, longestPreamble));
        if (!startsAs(bytes, magic)) throw notASnapshot('it does not begin as one');
        const first = bytes.indexOf(newline);
        if (first >= 0) checkVersion(Buffer.from(bytes.subarray(magic.length, first)).toString('latin1'));
        const second = first < 0 ? -1 : bytes.indexOf(newline, first + 1);
        if (second < 0) {
            if (bytes.length === longestPreamble) throw notASnapshot(`its first two lines are longer than ${longestPreamble} bytes`);
            return false;
        }
        this.take(second + 1);
        this.isPastPreamble = true;
        return true;
    }

    /** False when the next chunk is not there as a whole. */
    private readChunk(): boolean {
        if (this.isEnded || this.pendingBytes < chunkHeaderBytes) return false;
        const start = this.peek(chunkHeaderBytes);
        const letters = Buffer.from(start.subarray(0, 4)).toString('latin1');
        const name = chunkNames.find((known) => known === letters);
        if (name === undefined) throw damaged('no chunk begins where one should', this.at);
        const length = new DataView(start.buffer, start.byteOffset).getUint32(4, true);
        if (length > chunkLimits[name]) throw damaged(`the chunk ${name} is ${length} bytes long, more than ${chunkLimits[name]}`, this.at);
        if (this.pendingBytes < chunkHeaderBytes + length) return false;
        const { at } = this;
        try {
            this.readContent(name, unpack(name, this.take(chunkHeaderBytes + length).subarray(chunkHeaderBytes)));
        } catch (thrown) {
            if (thrown instanceof GuestmemError) throw thrown;
            throw damaged(`the chunk ${name} cannot be used: ${thrown instanceof Error ? thrown.message : String(thrown)}`, at);
        }
        return true;
    }

    private readContent(name: ChunkName, content: Uint8Array): void {
        if ((this.header === undefined) !== (name === 'HEAD')) throw new RangeError('the header is not the first chunk, or not the only one');
        switch (name) {
            case 'HEAD':
                this.readHeader(content);
                break;
            case 'KIND':
                this.kinds.add(parseJson(content));
                break;
            case 'RUNS':
                this.readRuns(new VarintReader(content));
                break;
            case 'END.':
                for (const { count, length } of this.columns) {
                    if (count !== length) throw new RangeError(`a map has ${count} runs instead of ${length}`);
                }
                this.isEnded = true;
        }
    }

    private readRuns(reader: VarintReader): void {
        const map = reader.next();
        const columns = this.columns[map];
        if (columns === undefined) throw new RangeError(`it is of map ${map}, and the header tells ${this.columns.length}`);
        columns.unpack(reader, this.kinds);
    }

    private readHeader(content: Uint8Array): void {
        const header = checkHeader(parseJson(content), '');
        const runs = header.maps.reduce((sum, map) => sum + map.runs, 0);
        if (header.maps.length === 0) throw new RangeError('it has no map');
        if (runs > mostRuns) throw new RangeError(`its maps have ${runs} runs, and at most ${mostRuns} are opened`);
        const spaces = new Set(header.maps.map(({ addressSpace }) => addressSpace));
        if (spaces.size !== header.maps.length) throw new RangeError('it has two maps of one address space');
        this.columns = header.maps.map((map) => new RunColumns(map.runs));
        this.header = header;
    }

    /** The next bytes, of which there are so many, without taking them. */
    private peek(count: number): Uint8Array {
        const [first] = this.pending;
        if (first !== undefined && first.length >= count) return first.subarray(0, count);
        const joined = Buffer.concat(this.pending);
        this.pending = [joined];
        return joined.subarray(0, count);
    }

    private take(count: number): Uint8Array {
        const taken = this.peek(count);
        const rest = (this.pending[0] ?? taken).subarray(count);
        if (rest.length === 0) this.pending.shift();
        else this.pending[0] = rest;
        this.at += count;
        this.pendingBytes -= count;
        return taken;
    }
}

function unpack(name: ChunkName, packed: Uint8Array): Uint8Array {
    return gunzipSync(packed, { maxOutputLength: chunkLimits[name] });
}

function parseJson(bytes: Uint8Array): unknown {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    try {
        return JSON.parse(text);
    } catch {
        // What JSON.parse says quotes the file.
        throw new ShapeError('its text', 'is no JSON');
    }
}

const startsAs = (bytes: Uint8Array, text: string): boolean => {
    const length = Math.min(bytes.length, text.length);
    return Buffer.from(bytes.subarray(0, length)).toString('latin1') === text.slice(0, length);
};

const notASnapshot = (found: string): GuestmemError =>
    errors.snapshot(`the file is no snapshot of a page map: ${found}`, "Choose a .gmem file, as 'guestmem snapshot' writes it.");

function checkVersion(text: string): void {
    if (text === String(formatVersion)) return;
    if (!/^[1-9][0-9]{0,5}$/.test(text)) throw notASnapshot('its first line names no version');
    throw errors.snapshot(
        `it is of format version ${text}, and guestmem ${version} opens version ${formatVersion}`,
        'Open it with a newer guestmem.',
        { version: Number(text) },
    );
}
