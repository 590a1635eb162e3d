/**
 * The layout of a .gmem file; ARCHITECTURE.md describes it for other readers. Two lines of text (what it is, what it
 * holds), then chunks. A chunk is four letters that name it, its length as a 32-bit little-endian number, and so many
 * bytes of gzip, whose own checksum guards what is in it:
 *
 *   HEAD  first and once: the JSON of SnapshotHeader
 *   KIND  JSON, an array of PageParts (pageState.ts); the kinds of all these chunks are numbered in their order
 *   RUNS  at most `mostRunsInChunk` runs, as runsChunk.ts packs them; their kinds were in KIND chunks before
 *   END.  last and once, the JSON of `{}`: a file without it was cut off
 *
 * Fields that are added to the JSON are ignored by older readers. Whatever else changes raises the version.
 */
import { errors, type ErrorData, type GuestmemError } from '../../common/errors';

export const formatVersion = 1;
export const magic = 'guestmem-snapshot ';
/** Of the two lines of text together, in bytes. */
export const longestPreamble = 4096;

export const chunkHeaderBytes = 8;
export const chunkNames = ['HEAD', 'KIND', 'RUNS', 'END.'] as const;
export type ChunkName = (typeof chunkNames)[number];

/** Bytes of a chunk, packed or not: what a reader holds of it at once. A header has at most 32,767 memslots for each address space. */
export const chunkLimits: Readonly<Record<ChunkName, number>> = {
    HEAD: 64 << 20,
    KIND: 4 << 20,
    RUNS: 4 << 20,
    'END.': 1 << 10,
};

export const mostRunsInChunk = 1 << 16;
/** In all maps of a file together: 28 bytes each in memory. 64 GiB of alternating pages have half as many. */
export const mostRuns = 1 << 25;
/** Pages of real VMs are of some tens of kinds; with many NUMA nodes of some thousands. An open map has twice as many. */
export const mostKinds = 1 << 15;
/** Beyond the largest gfn. */
export const gfnLimit = 2 ** 52;

/** Names what the file holds, in the file and wherever it is opened. */
export function snapshotNote(redacted: boolean): string {
    const held = redacted
        ? "addresses, sizes and states of guest pages, process numbers and the host's kernel version; names, paths and host virtual addresses were left out"
        : "addresses, sizes and states of guest pages, names and numbers of the VM and its process, paths of backing files, host virtual addresses (which tell where the running VMM has its memory, in spite of ASLR) and the host's kernel version";
    return `Holds no guest content, neither memory nor registers. Holds ${held}.`;
}

/** `at` is the place in the file. */
export function damaged(found: string, at: number, data: ErrorData = {}): GuestmemError {
    return errors.snapshot(`at byte ${at} ${found}`, 'The file is damaged: get it again, or save the snapshot anew.', { ...data, at });
}
