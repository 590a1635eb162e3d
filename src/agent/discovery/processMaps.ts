/** The address space of a process, from /proc/PID/maps. Addresses are page numbers (HVA / 4096), which fit a double. */

export interface Mapping {
    /** [start, end) in pages. */
    readonly start: number;
    readonly end: number;
    /** "rw-" */
    readonly rights: string;
    /** MAP_SHARED. */
    readonly shared: boolean;
    /** First page of the file that is mapped. */
    readonly filePage: number;
    /** "major:minor" in hex, as the kernel writes it; "00:00" without a file. */
    readonly device: string;
    /** 0 without a file. */
    readonly inode: number;
    /** As the kernel writes it (newlines as \012, " (deleted)" kept); empty without one. */
    readonly path: string;
}

const line = /^([0-9a-f]+)000-([0-9a-f]+)000 ([-r][-w][-x])([ps]) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) ([0-9]+) *(.*)$/;

/** Parses what the kernel wrote, sorted by address; a line of another form is left out. */
export function parseMaps(text: string): Mapping[] {
    const mappings: Mapping[] = [];
    for (const written of text.split('\n')) {
        const [, start, end, rights, sharing, offset, device, inode, path] = line.exec(written) ?? [];
        if (start === undefined || end === undefined || rights === undefined || offset === undefined || device === undefined) continue;
        mappings.push({
            start: parseInt(start, 16),
            end: parseInt(end, 16),
            rights,
            shared: sharing === 's',
            filePage: parseInt(offset, 16) / 4096,
            device,
            inode: Number(inode),
            path: path ?? '',
        });
    }
    return mappings;
}

/** Index of the mapping that holds `page`, or of the first one after it (the length when none does). */
export function findMapping(mappings: readonly Mapping[], page: number): number {
    let low = 0;
    let high = mappings.length;
    while (low < high) {
        const middle = (low + high) >>> 1;
        if ((mappings[middle]?.end ?? 0) <= page) low = middle + 1;
        else high = middle;
    }
    return low;
}

/** The mapping that holds `page`. */
export function mappingAt(mappings: readonly Mapping[], page: number): Mapping | undefined {
    const mapping = mappings[findMapping(mappings, page)];
    return mapping !== undefined && mapping.start <= page ? mapping : undefined;
}
