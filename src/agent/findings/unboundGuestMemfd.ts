/** Pages of a guest_memfd at offsets that no memslot is bound to, while other offsets are in use. */
import { parseHex, toHex } from '../../common/address';
import { errors } from '../../common/errors';
import { readChunks } from '../pages/chunks';
import { ofMemory } from './detector';
import { byOthers, makeFinding, sizeOf } from './makeFinding';
import { LargestExtents } from './selectedPages';
import type { MemoryState, VmState } from './vmState';

export const findUnboundGuestMemfd = ofMemory(async (memory, state) => {
    const findings = [];
    for (const { inode, bindings, unbound, allocated, fds } of state.details.guestMemfds) {
        // Without any binding it is leaked.
        if (bindings.length === 0 || unbound.length === 0 || allocated === '0x0') continue;
        const pages = new LargestExtents();
        for (const { offset, size } of unbound) await addPages(pages, memory, state, inode, pageOf(offset), pageOf(offset) + pageOf(size));
        if (pages.pages === 0) continue;
        const ranges = pages.list().map((extent) => ({ offset: toHex(extent.first * 4096), size: toHex(extent.pages * 4096) }));
        const [first] = ranges;
        findings.push(
            makeFinding({
                kind: 'unbound-guest-memfd',
                severity: 'warning',
                title: `${sizeOf(pages.bytes)} in guest_memfd ${inode} where no memslot is bound`,
                explanation: `The guest_memfd holds these pages at offsets that no memslot reaches: the guest cannot use them, and they stay until they are punched or the file goes.`,
                action: byOthers(
                    `Let the VMM give them back${fds[0] === undefined ? '' : ` on its fd ${fds[0]}`}: fallocate with FALLOC_FL_PUNCH_HOLE, ${first === undefined ? '' : `first at offset ${first.offset}, ${first.size} bytes`}.`,
                ),
                bytes: pages.bytes,
                guestMemfd: { inode, ranges },
                source: 'bindings and page cache of the guest_memfd',
            }),
        );
    }
    return findings;
});

const pageOf = (bytes: string): number => Number((parseHex(bytes) ?? 0n) >> 12n);

async function addPages(pages: LargestExtents, { vm, guestMemfds }: MemoryState, { pace }: VmState, inode: number, first: number, end: number): Promise<void> {
    const held = guestMemfds.get(inode);
    if (held === undefined) return;
    const { process, fd } = held.source;
    const chunks = await readChunks(pace, first, end, (from) => process.readGuestMemfdPages(fd, from, end));
    if (chunks === null) throw errors.vmGone(vm.id);
    for (const chunk of chunks) chunk.first.forEach((at, index) => pages.add(at, chunk.pages[index] ?? 0));
}
