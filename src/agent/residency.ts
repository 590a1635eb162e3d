/** Which pages exist on each side of a memslot, as layers over guest frame numbers. */
import { errors } from '../common/errors';
import type { PageSizeName } from '../common/model';
import { hugetlbPageSize, kindOf, mapsOwnGuestMemfd } from './backing';
import { readChunks } from './chunks';
import { makeLayer, uncovered, withMeaning, type Layer } from './layer';
import type { SlotRow } from './memslots';
import type { Pace } from './pace';
import type { Mapping } from './processMaps';
import { stateBits } from './stateBits';
import type { UnknownFields } from './unknownFields';
import type { OpenVm } from './vmDirectory';
import type { VmMemory } from './vmMemory';

/** States of the addon's page cache chunks. */
const notUpToDate = 1;
const upToDate = 2;
const swappedOut = 3;

export interface HvaLayers {
    readonly pageTable: Layer;
    readonly pageCache: Layer | null;
}

export class Residency {
    constructor(
        private readonly vm: OpenVm,
        private readonly memory: VmMemory,
        private readonly unknown: UnknownFields,
        private readonly pace: Pace,
    ) {}

    /** The guest_memfd side of gfns [gfn, end) of a slot whose guest_memfd the process holds. */
    async guestMemfd(slot: SlotRow, fd: number, gfn: number, end: number): Promise<Layer> {
        const shift = slot.gfn - slot.gmemPage;
        const last = end - shift;
        const chunks = await readChunks(this.pace, gfn - shift, last, (from) =>
            this.vm.process.readGuestMemfdPages(fd, from, last),
        );
        if (chunks === null) throw errors.vmGone(this.vm.id);
        return makeLayer(chunks, {
            shift,
            gap: stateBits({ gmem: 'absent' }),
            bits: (state) => stateBits({ gmem: state === upToDate ? 'prepared' : state === notUpToDate ? 'allocated' : null }),
        });
    }

    /** The HVA side of gfns [gfn, end) of a slot, which lie in one mapping. */
    async hva(slot: SlotRow, mapping: Mapping, gfn: number, end: number, guestMemfd: Layer | null): Promise<HvaLayers> {
        const pageTable = await this.pageTable(slot, mapping, gfn, end);
        return { pageTable, pageCache: await this.pageCache(slot, mapping, pageTable, gfn, end, guestMemfd) };
    }

    private async pageTable(slot: SlotRow, mapping: Mapping, gfn: number, end: number): Promise<Layer> {
        const shift = slot.gfn - slot.hvaPage;
        const address = (page: number) => BigInt(page) * 4096n;
        const chunks = await readChunks(this.pace, gfn - shift, end - shift, (from) =>
            this.vm.process.scanPagemap(address(from), address(end - shift)),
        );
        const hugetlb = hugetlbPageSize(mapping, this.memory.filesystems);
        const tellsHuge = chunks?.every(({ source }) => source === 'PAGEMAP_SCAN') ?? true;
        if (hugetlb === null && !tellsHuge) {
            this.unknown.add('hvaBacking.pageSize', 'this kernel has no PAGEMAP_SCAN, and /proc/PID/pagemap does not tell page sizes');
        }
        const pageSize = (huge: boolean): PageSizeName | null => hugetlb ?? (tellsHuge ? (huge ? '2M' : '4K') : null);
        return makeLayer(chunks ?? [], {
            shift,
            gap: stateBits({ hva: 'absent' }),
            bits: (state) => {
                const kinds = ['absent', 'present', 'swapped', 'zero'] as const;
                const hva = kinds[state & 3] ?? null;
                if (hva !== 'present') return stateBits({ hva });
                return stateBits({ hva, hvaMapped: true, hvaPageSize: pageSize((state & 8) !== 0) });
            },
        });
    }

    /** Pages that the VMM does not map (any more) but that the file behind the mapping holds. */
    private async pageCache(
        slot: SlotRow,
        mapping: Mapping,
        pageTable: Layer,
        gfn: number,
        end: number,
        guestMemfd: Layer | null,
    ): Promise<Layer | null> {
        const kind = kindOf(mapping, this.memory.filesystems);
        if (kind === 'anonymous' || kind === 'device') return null;
        const hole = uncovered(pageTable, gfn - pageTable.shift, end - pageTable.shift);
        if (hole === null) return null;
        const meaning = {
            gap: stateBits({ hva: 'absent' }),
            bits: (state: number) =>
                state === swappedOut ? stateBits({ hva: 'swapped' }) : stateBits({ hva: 'present', hvaMapped: false }),
        };
        if (mapsOwnGuestMemfd(slot, mapping)) {
            return guestMemfd === null ? null : withMeaning(guestMemfd, { ...meaning, shift: guestMemfd.shift });
        }
        const toFile = mapping.filePage - mapping.start;
        const last = hole.end + toFile;
        const chunks = await readChunks(this.pace, hole.start + toFile, last, (from) =>
            this.vm.process.readMappedFilePages(BigInt(mapping.start) * 4096n, from, last),
        );
        if (chunks === null) return null;
        return makeLayer(chunks, { ...meaning, shift: pageTable.shift - toFile });
    }
}
