/** What `guestmem findings` says of a VM. */
import type { Finding, FindingKind, FindingList } from '../../src/common/finding';
import { guestmemJson } from './guestmem';

export const findingsOf = (vm: string): Promise<FindingList> => guestmemJson<FindingList>(['findings', vm]);

/** Those of one kind. */
export async function findingsLike(vm: string, kind: FindingKind): Promise<readonly Finding[]> {
    return (await findingsOf(vm)).findings.filter((finding) => finding.kind === kind);
}

/** "0x1000+0x2000" */
export const written = ({ ranges }: Finding): string[] => ranges.map(({ gpa, size }) => `${gpa}+${size}`);
