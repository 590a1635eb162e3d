/** The vCPUs of a VM, and where each stands: its last exit and registers, read without stopping it. */
import type { KvmFile, VcpuState } from '../../../native/index';
import { toHex } from '../../common/address';
import type { FaultingVcpu } from '../../common/explain/explanation';
import type { Vcpu, VcpuExit } from '../../common/model';
import { exitName } from './exitName';
import { unlessRefused } from '../nativeErrors';
import type { Pace } from '../pace';
import { enumerate, type UnknownFields } from '../unknownFields';
import type { OpenVm } from '../discovery/vmDirectory';

/** KVM_MEMORY_EXIT_FLAG_PRIVATE */
const privateAccess = 8n;
const notCurrent = 'KVM holds no current value: it did not need the register at the last exit, or the guest is encrypted';

/** Each vCPU once, at its lowest fd; those whose fd the process no longer holds are told by their number. */
export async function readVcpus(vm: OpenVm, files: readonly KvmFile[], unknown: UnknownFields, pace: Pace): Promise<Vcpu[]> {
    const byId = new Map<number, KvmFile>();
    for (const file of files.filter(({ kind }) => kind === 'vcpu').sort((a, b) => a.fd - b.fd)) {
        if (!byId.has(file.vcpu)) byId.set(file.vcpu, file);
    }
    const missing = vm.record.vcpus - byId.size;
    if (missing > 0) unknown.add('vcpus', `${missing} of ${vm.record.vcpus} vCPUs have no file descriptor in process ${vm.process.pid}`);

    const vcpus: Vcpu[] = [];
    const gaps = new Gaps();
    for (const { vcpu: id, fd, tid } of [...byId.values()].sort((a, b) => a.vcpu - b.vcpu)) {
        const state = await unlessRefused(() => Promise.resolve(vm.process.readVcpuState(fd) ?? 'its file descriptor was closed'));
        if (typeof state === 'string') {
            for (const field of ['exit', 'rip', 'cr3']) gaps.add(field, state, id);
            vcpus.push({ id, fd, tid, exit: null, rip: null, cr3: null });
        } else {
            for (const register of ['rip', 'cr3'] as const) if (state[register] === null) gaps.add(register, notCurrent, id);
            vcpus.push({ id, fd, tid, exit: exitOf(state), rip: hexOrNull(state.rip), cr3: hexOrNull(state.cr3) });
        }
        await pace.breathe();
    }
    gaps.tell(unknown);
    return vcpus;
}

/** Bits of a physical address that the architecture permits (Intel SDM, volume 3, "4-level paging"): MAXPHYADDR is at most 52. */
export const widestPhysicalAddress = 52;

/** Whether any vCPU's physical addresses are wide enough; null when that is known of none. */
export function canReach(vm: OpenVm, files: readonly KvmFile[], address: bigint): boolean | null {
    if (address >> BigInt(widestPhysicalAddress) !== 0n) return false;
    let answer: boolean | null = null;
    for (const { fd } of files.filter(({ kind }) => kind === 'vcpu')) {
        const bits = vm.process.readVcpuState(fd)?.physicalAddressBits ?? null;
        if (bits === null) continue;
        if (address >> BigInt(bits) === 0n) return true;
        answer = false;
    }
    return answer;
}

/** vCPUs whose last exit was MEMORY_FAULT at the page of this address. */
export function faultsAt(vm: OpenVm, files: readonly KvmFile[], address: bigint): FaultingVcpu[] {
    const page = address & ~0xfffn;
    const faults = new Map<number, FaultingVcpu>();
    for (const { fd, vcpu } of files.filter(({ kind }) => kind === 'vcpu')) {
        const state = vm.process.readVcpuState(fd);
        const fault = state === null ? null : exitOf(state)?.memoryFault;
        if (fault && BigInt(fault.gpa) < page + 4096n && BigInt(fault.gpa) + BigInt(fault.size) > page) faults.set(vcpu, { vcpu, ...fault });
    }
    return [...faults.values()].sort((a, b) => a.vcpu - b.vcpu);
}

const hexOrNull = (value: bigint | null) => (value === null ? null : toHex(value));

function exitOf({ exitReason, memoryFault }: VcpuState): VcpuExit | null {
    const reason = exitName(exitReason);
    if (reason === null) return null;
    if (memoryFault === null) return { reason, memoryFault: null };
    const { gpa, size, flags } = memoryFault;
    const access = (flags & privateAccess) === 0n ? 'shared' : 'private';
    return { reason, memoryFault: { gpa: toHex(gpa), size: toHex(size), access } };
}

/** What is not known of single vCPUs: those with the same reason are told together. */
class Gaps {
    private readonly entries = new Map<string, { readonly field: string; readonly reason: string; readonly ids: number[] }>();

    add(field: string, reason: string, id: number): void {
        const key = `${field}\0${reason}`;
        const entry = this.entries.get(key) ?? { field, reason, ids: [] };
        entry.ids.push(id);
        this.entries.set(key, entry);
    }

    tell(unknown: UnknownFields): void {
        for (const { field, reason, ids } of this.entries.values()) unknown.add(`vcpus.${field}`, `vCPU ${enumerate(ids)}: ${reason}`);
    }
}
