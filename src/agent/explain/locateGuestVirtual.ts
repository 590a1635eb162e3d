/** A guest virtual address, through the page tables of a vCPU as they are now; nothing is stopped for that. */
import { toHex } from '../../common/address';
import { errors, GuestmemError, toGuestmemError } from '../../common/errors';
import type { VmMemory } from '../details/vmMemory';
import { widestPhysicalAddress } from '../details/vcpus';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import { readGuestMemory } from '../pages/memoryRead';
import type { Found } from './found';
import { walkGuestTables, type ReadEntry } from './walkGuestTables';

const encryptedTypes: readonly (string | null)[] = ['sev', 'sev-es', 'snp', 'tdx'];

const nowhere = (text: string, source: string): Found => ({ steps: [{ text, source }], places: [] });

export async function locateGuestVirtual(vm: OpenVm, memory: VmMemory, gva: bigint, vcpu: number, pace: Pace): Promise<Found> {
    const vcpus = memory.files.filter(({ kind }) => kind === 'vcpu');
    const file = vcpus.find((candidate) => candidate.vcpu === vcpu);
    const state = file === undefined ? null : vm.process.readVcpuState(file.fd);
    if (state === null) {
        const ids = [...new Set(vcpus.map((candidate) => candidate.vcpu))].sort((a, b) => a - b).join(', ');
        throw errors.usage(`The VM ${vm.id} has no vCPU ${vcpu} with a file descriptor in process ${vm.process.pid}: ${ids === '' ? 'none has one' : `those with one are ${ids}`}.`);
    }
    if (state.paging === null) return nowhere("The guest's registers are encrypted, CR3 among them: its page tables cannot be found.", 'struct kvm_vcpu_arch');
    if (encryptedTypes.includes(vm.summary.type)) return nowhere("The guest's memory is encrypted, and with it its page tables: they cannot be read.", 'struct kvm_arch');
    if (state.paging.nested) return nowhere("The vCPU runs a nested guest now, whose page tables lead to that guest's own physical addresses. Try again when it does not.", 'struct kvm_vcpu_arch');
    const isPaging = (state.paging.cr0 >> 31n & 1n) !== 0n;
    if (state.cr3 === null && isPaging) return nowhere('KVM holds no current value of CR3: it did not need the register at the last exit. Try again after another exit.', 'struct kvm_vcpu_arch');

    const { addressSpace } = state.paging;
    const registers = { ...state.paging, cr3: state.cr3 ?? 0n, physicalAddressBits: state.physicalAddressBits ?? widestPhysicalAddress };
    const { steps, gpa } = await walkGuestTables(gva, registers, entryReader(vm, addressSpace, memory, pace));
    const inSmm = addressSpace === 0 ? [] : [{ text: 'The vCPU is in System Management Mode, which has address space 1.', source: 'struct kvm_vcpu_arch' }];
    return { steps: [...inSmm, ...steps], places: gpa === null ? [] : [{ addressSpace, gpa: toHex(gpa) }] };
}

const unreadReasons: Readonly<Record<string, string>> = {
    private: 'the table is in private memory: encrypted or private, which the host must not read',
    unreadable: 'the page is not in memory, or may not be read',
};

/** Reads as `guestmem read` does: only pages that are there, never by a fault. */
const entryReader =
    (vm: OpenVm, addressSpace: number, memory: VmMemory, pace: Pace): ReadEntry =>
    async (gpa, size) => {
        try {
            const { bytes, ranges } = await readGuestMemory(vm, gpa, BigInt(size), pace, addressSpace, memory);
            const unread = ranges.map(({ source }) => unreadReasons[source]).find((reason) => reason !== undefined);
            if (unread !== undefined) return unread;
            const view = new DataView(bytes.buffer, bytes.byteOffset, size);
            return size === 8 ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
        } catch (thrown) {
            if (!(thrown instanceof GuestmemError)) throw thrown;
            if (thrown.code === 'private-memory') return unreadReasons['private'] ?? '';
            if (thrown.code === 'outside-memslots') return 'no memslot is there';
            throw toGuestmemError(thrown);
        }
    };
