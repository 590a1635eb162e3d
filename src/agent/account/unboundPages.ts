/** Pages of guest_memfds that no guest can use: no memslot is bound to them, or nothing can run the VM any more. */
import { errors } from '../../common/errors';
import { unboundRanges } from '../guestMemfd/guestMemfds';
import type { OpenVm } from '../discovery/vmDirectory';
import type { VmMemory } from '../details/vmMemory';
import type { Pace } from '../pace';
import { readChunks } from '../pages/chunks';
import { guestMemfdStore, partMark, type PhysicalMemory } from './physicalMemory';

export async function addUnboundPages(vm: OpenVm, memory: VmMemory, physical: PhysicalMemory, pace: Pace): Promise<void> {
    const isLeaked = vm.summary.heldBy === 'guest_memfd';
    for (const { record, source } of memory.guestMemfds.values()) {
        const ranges = isLeaked ? [{ offset: '0x0', size: record.size }] : unboundRanges(record);
        for (const { offset, size } of ranges) {
            const first = Number(BigInt(offset) >> 12n);
            const end = first + Number(BigInt(size) >> 12n);
            const chunks = await readChunks(pace, first, end, (from) => source.process.readGuestMemfdPages(source.fd, from, end));
            if (chunks === null) throw errors.vmGone(vm.id);
            for (const chunk of chunks) {
                for (let i = 0; i < chunk.first.length; i++) {
                    const page = chunk.first[i] ?? 0;
                    physical.add(guestMemfdStore(record.inode), page, page + (chunk.pages[i] ?? 0), partMark('unbound'));
                }
            }
        }
    }
}
