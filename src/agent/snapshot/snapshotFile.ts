/** .gmem files on this machine's disk. */
import { open, rename, rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { errors, GuestmemError } from '../../common/errors';
import type { Pace } from '../pace';
import { SnapshotReader, type Snapshot } from './snapshotReader';

const partBytes = 1 << 20;

/** Errors name the file. */
export async function readSnapshotFile(file: string, pace: Pace): Promise<Snapshot> {
    const reader = new SnapshotReader();
    try {
        for await (const part of createReadStream(file, { highWaterMark: partBytes })) await reader.push(part as Uint8Array, pace);
        return reader.finish();
    } catch (thrown) {
        if (thrown instanceof GuestmemError && thrown.code === 'snapshot') {
            throw new GuestmemError('snapshot', `${file}: ${thrown.message}`, { ...thrown.data, file });
        }
        const code = errnoOf(thrown);
        if (code === undefined) throw thrown;
        throw errors.snapshot(`reading the file ${file} failed with ${code}`, 'Give the path of a .gmem file that this user may read.', { file, errno: code });
    }
}

/**
 * Writes what `write` hands over. The file is made first, since what goes into it may take long to read, and is gone
 * again when that fails. With `force` a file that is there stays as it is until the new one is whole.
 */
export async function writeSnapshotFile(file: string, force: boolean, write: (put: (bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<void> {
    const path = force ? `${file}.${process.pid}.part` : file;
    const handle = await translating(file, () => open(path, 'wx'));
    try {
        try {
            await write((bytes) => translating(file, async () => {
                await handle.writeFile(bytes);
            }));
        } finally {
            await translating(file, () => handle.close());
        }
        if (force) await translating(file, () => rename(path, file));
    } catch (thrown) {
        await rm(path, { force: true });
        throw thrown;
    }
}

async function translating<T>(file: string, action: () => Promise<T>): Promise<T> {
    try {
        return await action();
    } catch (thrown) {
        const code = errnoOf(thrown);
        if (code === undefined) throw thrown;
        if (code === 'EEXIST') throw errors.usage(`The file ${file} is there already: give another name, or --force to replace it.`);
        throw new GuestmemError('snapshot', `Writing the snapshot ${file} failed with ${code}: give a path where this user may write and there is room.`, { file, errno: code });
    }
}

function errnoOf(thrown: unknown): string | undefined {
    return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' && /^E[A-Z0-9]+$/.test(thrown.code) ? thrown.code : undefined;
}
