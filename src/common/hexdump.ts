/**
 * Memory as text, the same on the terminal and in an editor: sixteen bytes a line, rows of equal content folded into
 * `*` as hexdump does, bytes that were not read as `--`. A line before each range that is no plain page says what it is.
 */
import { parseHex } from './address';
import type { ReadRange, ReadSource } from './model';

const width = 16;

const notes: Readonly<Record<ReadSource, string | null>> = {
    page: null,
    hole: 'no page exists: reads as zeros',
    private: 'private: not read',
    unreadable: 'could not be read',
    outside: 'no memslot: MMIO, an access by the guest exits to the VMM',
};

const hex = (value: number) => value.toString(16).padStart(2, '0');
/** Guest memory is hostile to terminals: only printable ASCII passes. */
const printable = (byte: number) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');

/** `ranges` are those of the answer: in order, without gaps, covering `bytes`, which begin at `gpa`. */
export function* hexdump(gpa: bigint, bytes: Uint8Array, ranges: readonly ReadRange[]): Generator<string> {
    for (const range of ranges) {
        const start = parseHex(range.gpa) ?? gpa;
        const end = start + (parseHex(range.size) ?? 0n);
        const note = notes[range.source];
        if (note !== null) yield `# ${range.gpa}+${range.size} ${note}`;
        const isRead = range.source === 'page' || range.source === 'hole';
        let last = '';
        let folded = false;
        for (let at = start; at < end; at += BigInt(width)) {
            const offset = Number(at - gpa);
            const row = rowOf(bytes.subarray(offset, offset + Math.min(width, Number(end - at))), isRead);
            if (row !== last) yield `${at.toString(16).padStart(16, '0')}  ${row}`;
            else if (!folded) yield '*';
            folded = row === last;
            last = row;
        }
    }
    yield (gpa + BigInt(bytes.length)).toString(16).padStart(16, '0');
}

function rowOf(bytes: Uint8Array, isRead: boolean): string {
    const cells = Array.from({ length: width }, (_, index) => {
        const byte = bytes[index];
        return byte === undefined ? '  ' : isRead ? hex(byte) : '--';
    });
    const text = isRead ? Array.from(bytes, printable).join('') : '';
    return `${cells.slice(0, 8).join(' ')}  ${cells.slice(8).join(' ')}  |${text}|`;
}
