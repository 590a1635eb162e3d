/** A VM in one line: what `vms` lists. */
import type { VmRecord } from '../../../native/index';
import { toHex } from '../../common/address';
import type { VmHolder, VmSummary, VmType } from '../../common/model';
import { isInternal } from '../details/memslots';
import { readArguments, readCommand, readStatus } from './processes';
import { vmName } from './vmName';

/** KVM_X86_*_VM of the kernel's UAPI. */
const types = ['default', 'sw-protected', 'sev', 'sev-es', 'snp', 'tdx'] as const;

export const vmType = (number: number | null): VmType | null =>
    number === null ? null : (types[number] ?? `type-${number}`);

/** Why a type is unknown where the kernel was asked. */
export const noTypeReason = "this kernel's struct kvm does not tell a VM's type";

/**
 * Whether the VM's pages can be private. Before struct kvm kept the answer (kvm_arch.has_private_mem, 6.10), only
 * software-protected VMs had private memory.
 */
export const hasPrivateMemory = (record: Pick<VmRecord, 'hasPrivateMemory' | 'type'>): boolean => record.hasPrivateMemory ?? record.type === 1;

/** Where a VM is found: at an fd, or (fd -1) at the address of a mapping. */
export interface Place {
    readonly pid: number;
    readonly fd: number;
    readonly hva: bigint | null;
}

export const vmIdOf = ({ pid, fd, hva }: Place): string => `${pid}:${hva === null ? fd : toHex(hva)}`;

/** Without a record (no BPF, or a mapping), `vcpus` is what /proc tells. Undefined when the process has vanished. */
export function summarizeVm(
    place: Place,
    record: VmRecord | null,
    vcpus: number | null,
    holders: readonly VmHolder[],
    heldBy: VmSummary['heldBy'],
): VmSummary | undefined {
    const command = readCommand(place.pid);
    const status = readStatus(place.pid);
    if (command === undefined || status === undefined) return undefined;
    return {
        id: vmIdOf(place),
        pid: place.pid,
        fd: place.fd,
        command,
        name: vmName(readArguments(place.pid) ?? []),
        vcpus,
        memory: record === null ? null : toHex(memoryOf(record)),
        type: vmType(record?.type ?? null),
        tracedBy: status.tracer,
        holders,
        heldBy,
    };
}

function memoryOf({ memslots }: VmRecord): bigint {
    let pages = 0;
    for (let i = 0; i < memslots.count; i++) {
        if (memslots.addressSpaces[i] === 0 && !isInternal(memslots.ids[i] ?? 0)) pages += memslots.pages[i] ?? 0;
    }
    return BigInt(pages) * 4096n;
}
