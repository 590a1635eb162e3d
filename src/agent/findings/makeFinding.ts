/** A finding with what most of them have in common, and the command lines that help. */
import { formatSize } from '../../common/address';
import type { Finding } from '../../common/finding';
import type { VmId } from '../../common/model';
import type { WireRange } from '../../common/range';

type Said = 'kind' | 'severity' | 'title' | 'explanation' | 'action' | 'source';

export function makeFinding(parts: Pick<Finding, Said> & Partial<Finding>): Finding {
    return { ranges: [], addressSpace: 0, bytes: null, memslot: null, guestMemfd: null, seen: null, ...parts };
}

/** An action that is somebody else's to take. */
export const byOthers = (text: string): Finding['action'] => ({ text, does: 'none', command: null });

/** `words` stand after the verb and the VM; for the first range, if there is one. */
export function commandLine(verb: string, vm: VmId, range: WireRange | undefined, ...words: readonly string[]): string | null {
    return range === undefined ? null : ['guestmem', verb, vm, `${range.gpa}+${range.size}`, ...words].join(' ');
}

/** The longest lists that a finding has. */
export const mostRanges = 100;

export const sizeOf = (bytes: number): string => formatSize(BigInt(bytes));
