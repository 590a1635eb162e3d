/** What the agent does for the requests that save open maps to .gmem files and open such files. */
import { readFileSync } from 'node:fs';
import { version } from '../../../package.json';
import { errors } from '../../common/errors';
import { snapshotPartBytes, type MapMethods } from '../../common/mapMethods';
import type { MapHandle, OpenedMap } from '../../common/openedMap';
import { indexedMap, indexRuns, type IndexedMap } from '../maps/indexedMap';
import { FixedMap, type MapSource } from '../maps/mapSource';
import type { OpenMaps } from '../maps/openMaps';
import { isNativeError } from '../nativeErrors';
import type { Pace } from '../pace';
import { totalsOf } from '../pages/pageTotals';
import { checkAddressSpace, checkFields, checkFlag, checkInteger } from '../validate';
import { mostRunsInChunk } from './layout';
import { redactDetails, redactUnknown, withoutRegisters } from './redaction';
import { SnapshotReader, type Snapshot } from './snapshotReader';
import { writeSnapshot } from './snapshotWriter';

type SnapshotMethods = Pick<MapMethods, 'saveMap' | 'openSnapshot'>;
type SnapshotHandlers = { readonly [Method in keyof SnapshotMethods]: (params: unknown, pace: Pace) => Promise<SnapshotMethods[Method]['result']> };

/** Each may hold a map in memory; one that is begun beyond ends the oldest. */
const mostSaves = 4;
const mostUploads = 2;

/** A transfer that goes on with the next part; what is asked for while a part is made is refused. */
interface Transfer {
    isBusy: boolean;
}

interface Save extends Transfer {
    readonly bytes: Iterator<Uint8Array>;
    at: number;
}

interface Upload extends Transfer {
    readonly reader: SnapshotReader;
}

export function makeSnapshotHandlers(maps: OpenMaps): SnapshotHandlers {
    const saves = new Map<MapHandle, Save>();
    const uploads = new Map<number, Upload>();
    let lastUpload = 0;

    return {
        saveMap: async (params, pace) => {
            const fields = checkFields(params);
            const handle = checkInteger(fields['map'], 'number of an open map', 1, Number.MAX_SAFE_INTEGER);
            const from = checkInteger(fields['from'], 'place in a file', 0, Number.MAX_SAFE_INTEGER);
            const redact = checkFlag(fields['redact'], 'redact');
            if (from === 0) {
                saves.delete(handle);
                begin(saves, mostSaves, handle, { isBusy: false, bytes: fileOf(maps.get(handle), redact), at: 0 });
            }
            const save = saves.get(handle);
            if (save === undefined || save.at !== from || save.isBusy) throw errors.usage(`The file of the map ${handle} does not go on at byte ${from}: save it again from 0.`);
            return continued(saves, handle, save, async () => {
                const part = await nextPart(save.bytes, pace);
                save.at += part.bytes.length;
                if (part.isLast) saves.delete(handle);
                return { bytes: part.bytes, next: part.isLast ? null : save.at };
            });
        },

        openSnapshot: async (params, pace) => {
            const fields = checkFields(params);
            const part = checkPart(fields['part']);
            const isLast = checkFlag(fields['last'], 'last');
            const addressSpace = fields['addressSpace'] === null ? null : checkAddressSpace(fields['addressSpace']);
            const isNew = fields['upload'] === null;
            const number = isNew ? ++lastUpload : checkInteger(fields['upload'], 'number of an upload', 1, Number.MAX_SAFE_INTEGER);
            if (isNew) begin(uploads, mostUploads, number, { isBusy: false, reader: new SnapshotReader() });
            const upload = uploads.get(number);
            if (upload === undefined || upload.isBusy) throw errors.usage(`The upload ${number} does not go on: send the file again from its begin.`);
            return continued(uploads, number, upload, async () => {
                await upload.reader.push(part, pace);
                if (!isLast) return { upload: number, opened: null };
                uploads.delete(number);
                return { upload: number, opened: await open(maps, upload.reader.finish(), addressSpace) };
            });
        },
    };
}

function begin<T extends Transfer>(transfers: Map<number, T>, most: number, number: number, transfer: T): void {
    for (const oldest of transfers.keys()) {
        if (transfers.size < most) break;
        transfers.delete(oldest);
    }
    transfers.set(number, transfer);
}

/** A part that fails ends the transfer. */
async function continued<T extends Transfer, Result>(transfers: Map<number, T>, number: number, transfer: T, action: () => Promise<Result>): Promise<Result> {
    transfer.isBusy = true;
    try {
        return await action();
    } catch (thrown) {
        if (transfers.get(number) === transfer) transfers.delete(number);
        throw thrown;
    } finally {
        transfer.isBusy = false;
    }
}

async function nextPart(bytes: Iterator<Uint8Array>, pace: Pace): Promise<{ bytes: Uint8Array; isLast: boolean }> {
    const gathered: Uint8Array[] = [];
    for (let size = 0; size < snapshotPartBytes; ) {
        const next = bytes.next();
        if (next.done === true) return { bytes: Buffer.concat(gathered), isLast: true };
        gathered.push(next.value);
        size += next.value.length;
        await pace.breathe();
    }
    return { bytes: Buffer.concat(gathered), isLast: false };
}

function fileOf({ origin, current, made }: MapSource, redact: boolean): Iterator<Uint8Array> {
    if (origin === 'comparison') throw errors.usage('A comparison is not saved: save the maps that it was made of.');
    const { details, addressSpace, takenAt, consistent, unknown, index } = current;
    const redacted = redact || made?.redacted === true;
    const saved = withoutRegisters(details);
    const header = {
        guestmemVersion: made?.guestmemVersion ?? version,
        kernel: made?.kernel ?? readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
        savedAt: new Date().toISOString(),
        redacted,
        details: redact ? redactDetails(saved) : saved,
        maps: [{ addressSpace, takenAt, consistent, unknown: redact ? redactUnknown(unknown) : unknown, runs: index.count }],
    };
    return writeSnapshot(header, () => slices(index));
}

function* slices(index: IndexedMap['index']) {
    for (let run = 0; run < index.count; run += mostRunsInChunk) yield index.slice(run, mostRunsInChunk);
}

async function open(maps: OpenMaps, { header, runs }: Snapshot, addressSpace: number | null): Promise<OpenedMap> {
    const addressSpaces = header.maps.map((map) => map.addressSpace);
    const at = addressSpace === null ? 0 : addressSpaces.indexOf(addressSpace);
    const [map, its] = [header.maps[at], runs[at]];
    if (map === undefined || its === undefined) throw errors.usage(`The snapshot has no address space ${addressSpace}: it has ${addressSpaces.join(', ')}.`);
    const { guestmemVersion, kernel, savedAt, redacted, details } = header;
    const made = { guestmemVersion, kernel, savedAt, redacted, addressSpaces };
    try {
        return maps.add(new FixedMap('file', await indexedMap({ ...map, details, totals: totalsOf(its) }, indexRuns(its), 1), made));
    } catch (thrown) {
        if (!isNativeError(thrown)) throw thrown;
        throw errors.snapshot(`its runs cannot be held (${thrown.message})`, 'The file is damaged: get it again, or save the snapshot anew.');
    }
}

function checkPart(value: unknown): Uint8Array {
    if (!(value instanceof Uint8Array) || value.length > snapshotPartBytes) throw errors.usage(`A part of a snapshot must be bytes, at most ${snapshotPartBytes} of them.`);
    // The message that it came in is larger, and not kept.
    return new Uint8Array(value);
}
