/** The states of the addon's page cache chunks (PageCacheChunk). */

/** "prepared": up to date, in the kernel's words. */
export function presenceOf(state: number): 'allocated' | 'prepared' | 'swapped' {
    const presence = state & 3;
    return presence === 2 ? 'prepared' : presence === 3 ? 'swapped' : 'allocated';
}

/** The NUMA node; null where it is not known. */
export function nodeOf(state: number): number | null {
    const plusOne = state >> 2;
    return plusOne === 0 ? null : plusOne - 1;
}
