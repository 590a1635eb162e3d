/** Findings in the order in which they are told, and no more of them than somebody reads. */
import type { Finding, FindingKind, FindingList, FindingSeverity } from '../../common/finding';
import type { VmId } from '../../common/model';
import type { UnknownFields } from '../unknownFields';
import { detectors } from './detectors';
import type { VmState } from './vmState';

/** Of one kind: a VM may have thousands of memslots. */
const mostOfKind = 100;

const order: readonly FindingSeverity[] = ['error', 'warning', 'information'];

export async function findInState(state: VmState): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const detect of detectors) {
        findings.push(...(await detect(state)));
        await state.pace.breathe();
    }
    return findings;
}

/** The most severe first, of these the largest. */
export function listFindings(vm: VmId, findings: readonly Finding[], unknown: UnknownFields): FindingList {
    const sorted = findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || (b.bytes ?? 0) - (a.bytes ?? 0));
    const counts = new Map<FindingKind, number>();
    const listed = sorted.filter(({ kind }) => {
        const count = (counts.get(kind) ?? 0) + 1;
        counts.set(kind, count);
        return count <= mostOfKind;
    });
    for (const [kind, count] of counts) {
        if (count > mostOfKind) unknown.add('findings', `${count - mostOfKind} further findings of the kind ${kind}, smaller than these, are not listed`);
    }
    return { vm, findings: listed, unknown: unknown.list() };
}
