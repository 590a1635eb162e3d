/** Which other processes map a page of a file that the VMM maps shared: back ends of vhost-user, VMMs with shared guest memory. */
import type { Pace } from '../pace';
import { parseMaps, type Mapping } from './processMaps';
import { listProcesses, readMapsText } from './processes';

export interface FileMapping {
    readonly pid: number;
    /** HVA / 4096 of the page. */
    readonly page: number;
    readonly rights: string;
}

export interface FileMappings {
    readonly mappings: readonly FileMapping[];
    /** Why these may not be all. */
    readonly reasons: readonly string[];
}

/** Reading what one process maps takes about 50 µs; processes that were started near to the VMM come first. */
const mostProcesses = 512;

/** Of page (HVA / 4096) `page` in `mapping` of process `pid`: the same page of the file in other processes. */
export async function findFileMappings(pid: number, mapping: Mapping, page: number, pace: Pace): Promise<FileMappings> {
    const file = ` ${mapping.device} ${mapping.inode} `;
    const filePage = mapping.filePage + page - mapping.start;
    const others = listProcesses().filter((other) => other !== pid);
    const found: FileMapping[] = [];
    let looked = 0;
    let denied = 0;
    let left = 0;
    for (const other of others.sort((a, b) => Math.abs(a - pid) - Math.abs(b - pid))) {
        if (looked === mostProcesses) {
            left++;
            continue;
        }
        const text = readMapsText(other);
        if (text.kind === 'denied') denied++;
        // The kernel's threads map nothing.
        if (text.kind !== 'found' || text.value === '') continue;
        looked++;
        if (text.value.includes(file)) found.push(...pagesIn(other, parseMaps(text.value), mapping, filePage));
        await pace.breathe();
    }
    const reasons = [
        ...(denied === 0 ? [] : [`${denied === 1 ? 'one process' : `${denied} processes`} may not be looked into without CAP_SYS_PTRACE, and may map the file, too`]),
        ...(left === 0 ? [] : [`only ${mostProcesses} processes were looked into, ${left} were not, and may map the file, too`]),
    ];
    return { mappings: found, reasons };
}

const pagesIn = (pid: number, mappings: readonly Mapping[], { device, inode }: Mapping, filePage: number): FileMapping[] =>
    mappings
        .filter((each) => each.device === device && each.inode === inode && each.filePage <= filePage && filePage - each.filePage < each.end - each.start)
        .map(({ start, filePage: first, rights }) => ({ pid, page: start + filePage - first, rights }));
