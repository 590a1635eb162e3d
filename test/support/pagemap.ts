/** What a process's own page table says, straight from /proc/PID/pagemap: a witness beside PAGEMAP_SCAN. */
import { closeSync, openSync, readSync } from 'node:fs';

const presentBit = 1n << 63n;

/** Whether each page of [hva, hva + size) is present in the page table of the process. */
export function presentPages(pid: number, hva: bigint, size: bigint): boolean[] {
    const entries = new BigUint64Array(Number(size / 4096n));
    const file = openSync(`/proc/${pid}/pagemap`, 'r');
    try {
        const bytes = readSync(file, new Uint8Array(entries.buffer), 0, entries.byteLength, Number(hva / 4096n) * 8);
        if (bytes !== entries.byteLength) throw new Error(`/proc/${pid}/pagemap ended after ${bytes} bytes.`);
    } finally {
        closeSync(file);
    }
    return [...entries].map((entry) => (entry & presentBit) !== 0n);
}
