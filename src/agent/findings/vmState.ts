/** What findings are made of: everything that is known of a VM now, read once for all detectors. */
import type { VmDetails } from '../../common/model';
import { readMappedVmDetails } from '../details/mappedVmDetails';
import { readVmDetails } from '../details/vmDetails';
import { readVmMemory, type VmMemory } from '../details/vmMemory';
import type { MappedVm, OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import type { PageMapInColumns, ReadPageMap } from '../pages/pageMap';
import { UnknownFields } from '../unknownFields';

export interface VmState {
    readonly details: VmDetails;
    /** Null of a VM that only a mapping keeps: it has no memslots. */
    readonly memory: MemoryState | null;
    readonly unknown: UnknownFields;
    readonly pace: Pace;
}

export interface MemoryState extends VmMemory {
    readonly vm: OpenVm;
    /** Address space 0: the others (SMM) show the same memory once more. */
    readonly map: PageMapInColumns;
}

export async function readVmState(vm: OpenVm, readMap: ReadPageMap, pace: Pace): Promise<VmState> {
    const details = await readVmDetails(vm, pace);
    const map = await readMap(vm, 0, null, false, pace);
    const memory = { ...readVmMemory(vm), vm, map };
    return { details, memory, unknown: told([...details.unknown, ...map.unknown]), pace };
}

export async function readMappedVmState(vm: MappedVm, pace: Pace): Promise<VmState> {
    const details = await readMappedVmDetails(vm, pace);
    return { details, memory: null, unknown: told(details.unknown), pace };
}

/** Nothing is found by these. */
const unused = /^(dirty|vcpus|hvaBacking\.pageSize|guestMemfds\.(nodes|directMap))\b/;

function told(unknown: VmDetails['unknown']): UnknownFields {
    const fields = new UnknownFields();
    for (const { field, reason } of unknown) if (!unused.test(field)) fields.add(field, reason);
    return fields;
}
