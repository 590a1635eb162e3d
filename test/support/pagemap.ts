/** What a process's own page table says, straight from /proc/PID/pagemap: a witness beside PAGEMAP_SCAN. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const presentBit = 1n << 63n;
const swappedBit = 1n << 62n;
/** Of a file, or shared anonymous memory. */
const fileBit = 1n << 61n;
const pageNumberMask = (1n << 55n) - 1n;
/** KPF_HUGE (hugetlb), KPF_THP and KPF_ZERO_PAGE of <linux/kernel-page-flags.h>. */
const hugeFlags = (1n << 17n) | (1n << 22n);
const zeroPageFlag = 1n << 24n;

/** Whether each page of [hva, hva + size) is present in the page table of the process. */
export const presentPages = (pid: number, hva: bigint, size: bigint): boolean[] =>
    [...entries(`/proc/${pid}/pagemap`, hva / 4096n, size / 4096n)].map((entry) => (entry & presentBit) !== 0n);

/** Whether each page of [hva, hva + size) is swapped out, as the page table of the process has it. */
export const swappedPages = (pid: number, hva: bigint, size: bigint): boolean[] =>
    [...entries(`/proc/${pid}/pagemap`, hva / 4096n, size / 4096n)].map((entry) => (entry & swappedBit) !== 0n);

/** Whether each page of [hva, hva + size) is present and the process's own, not a page of a file. */
export const ownPages = (pid: number, hva: bigint, size: bigint): boolean[] =>
    [...entries(`/proc/${pid}/pagemap`, hva / 4096n, size / 4096n)].map((entry) => (entry & (presentBit | fileBit)) === presentBit);

/** The physical frame of each page from `hva` on; 0 where none is mapped. */
export const framesOf = (pid: number, hva: bigint, count: number): bigint[] =>
    [...entries(`/proc/${pid}/pagemap`, hva / 4096n, BigInt(count))].map((entry) => ((entry & presentBit) === 0n ? 0n : entry & pageNumberMask));

/** How often page tables map a physical page: /proc/kpagecount. */
export const mappingsOfFrame = (frame: bigint): number => Number([...entries('/proc/kpagecount', frame, 1n)][0]);

/** presentPages, and what /proc/kpageflags says of the physical page: of a huge page, the kernel's page of zeros, another. */
export function mappedPages(pid: number, hva: bigint, size: bigint): ('absent' | 'zero' | 'huge' | 'small')[] {
    return [...entries(`/proc/${pid}/pagemap`, hva / 4096n, size / 4096n)].map((entry) => {
        if ((entry & presentBit) === 0n) return 'absent';
        const [flags = 0n] = entries('/proc/kpageflags', entry & pageNumberMask, 1n);
        if ((flags & zeroPageFlag) !== 0n) return 'zero';
        return (flags & hugeFlags) !== 0n ? 'huge' : 'small';
    });
}

/** The rights of the mapping at an HVA as /proc/PID/maps has them now, but for "p" or "s"; null where nothing is mapped. */
export function mappingRights(pid: number): (hva: bigint) => string | null {
    const mappings = readFileSync(`/proc/${pid}/maps`, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => {
            const [range = '', rights = ''] = line.split(' ');
            const [start = 0n, end = 0n] = range.split('-').map((address) => BigInt(`0x${address}`));
            return { start, end, rights: rights.slice(0, 3) };
        });
    return (hva) => mappings.find(({ start, end }) => start <= hva && hva < end)?.rights ?? null;
}

/** Where in its file what is mapped at the HVA is; null where nothing of that path is mapped. */
export function fileOffsetAt(pid: number, hva: bigint, path: string): bigint | null {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
        const [start = 0n, end = 0n, offset = 0n] = (/^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) /.exec(line) ?? []).slice(1).map((digits) => BigInt(`0x${digits}`));
        if (start <= hva && hva < end && line.includes(path)) return offset + hva - start;
    }
    return null;
}

/** `count` entries of 64 bits from the entry `first` on. */
function entries(path: string, first: bigint, count: bigint): BigUint64Array {
    const values = new BigUint64Array(Number(count));
    const file = openSync(path, 'r');
    try {
        const bytes = readSync(file, new Uint8Array(values.buffer), 0, values.byteLength, first * 8n);
        if (bytes !== values.byteLength) throw new Error(`${path} ended after ${bytes} bytes.`);
    } finally {
        closeSync(file);
    }
    return values;
}
