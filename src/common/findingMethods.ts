/** The part of the wire between the extension and an agent that is about findings. */
import type { FindingList } from './finding';
import type { VmId } from './model';
import type { Progressing } from './progressing';

export interface FindingMethods {
    /** What is wrong, wasteful or surprising about a VM's memory now. Reads every page's state, as a map does. */
    findings: { params: { vm: VmId } & Progressing; result: FindingList };
}
