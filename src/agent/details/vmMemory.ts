/** What a request needs to know of a VM's memory before it looks at pages: read once, small. */
import type { KvmFile } from '../../../native/index';
import { MappedFilesystems } from './backing';
import { heldGuestMemfds, type HeldGuestMemfd } from '../guestMemfd/guestMemfds';
import { slotRows, type SlotRow } from './memslots';
import { parseMaps, type Mapping } from '../discovery/processMaps';
import { readMapsText } from '../discovery/processes';
import type { OpenVm } from '../discovery/vmDirectory';

export interface VmMemory {
    /** All address spaces, sorted by address space and gfn. */
    readonly slots: readonly SlotRow[];
    /** Null with the reason when the HVA side cannot be looked at. */
    readonly mappings: readonly Mapping[] | null;
    readonly mappingsReason: string;
    readonly filesystems: MappedFilesystems;
    /** By inode. */
    readonly guestMemfds: ReadonlyMap<number, HeldGuestMemfd>;
    /** The process's KVM files that belong to this VM. */
    readonly files: readonly KvmFile[];
}

export function readVmMemory(vm: OpenVm): VmMemory {
    const files = vm.process.kvmFiles().filter((file) => file.vm === vm.identity);
    return {
        slots: slotRows(vm.record.memslots),
        ...readMappings(vm),
        filesystems: new MappedFilesystems(vm.process.pid),
        guestMemfds: heldGuestMemfds(vm.process, files, vm.otherHolders, vm.identity),
        files,
    };
}

function readMappings(vm: OpenVm): Pick<VmMemory, 'mappings' | 'mappingsReason'> {
    const { pid } = vm.process;
    if (!vm.record.ownedByProcess) {
        const mappingsReason = `process ${pid} only holds the VM; the process whose memory the VM uses has gone, has closed its VM fd or cannot be seen`;
        return { mappings: null, mappingsReason };
    }
    const looked = readMapsText(pid);
    if (looked.kind === 'found') return { mappings: parseMaps(looked.value), mappingsReason: '' };
    return {
        mappings: null,
        mappingsReason:
            looked.kind === 'gone'
                ? `process ${pid} ended`
                : `/proc/${pid}/maps may not be read without CAP_SYS_PTRACE: run guestmem as root, for example with sudo`,
    };
}

/** Why nothing can be said about the pages of a slot's guest_memfd; null when something can. */
export function gmemProblem(slot: SlotRow, memory: VmMemory): string | null {
    if (!slot.hasGuestMemfd) return null;
    if (slot.gmemInode === null) return 'the last file descriptor of its guest_memfd was closed';
    return memory.guestMemfds.has(slot.gmemInode)
        ? null
        : 'no process seen here holds a file descriptor of its guest_memfd (a mapping keeps it)';
}
