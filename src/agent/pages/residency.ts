/** Which pages exist on each side of a memslot, as layers over guest frame numbers. */
import type { PageCacheChunk, PagemapChunk, VmmProcess } from '../../../native/index';
import { errors } from '../../common/errors';
import type { PageSizeName } from '../../common/model';
import { encodePageDetail } from '../../common/pageState';
import { hugetlbPageSize, kindOf, mapsOwnGuestMemfd } from '../details/backing';
import { readChunks } from './chunks';
import type { HeldGuestMemfd } from '../guestMemfd/guestMemfds';
import { makeLayer, makeMeaning, uncovered, type Layer, type LayerMeaning } from './layer';
import type { SlotRow } from '../details/memslots';
import type { Pace } from '../pace';
import { nodeOf, presenceOf } from './pageCacheState';
import type { Mapping } from '../discovery/processMaps';
import { stateBits } from './stateBits';
import type { UnknownFields } from '../unknownFields';
import type { UnstampedReads } from './unstampedReads';
import type { OpenVm } from '../discovery/vmDirectory';
import type { VmMemory } from '../details/vmMemory';

export const guestMemfdMeaning = makeMeaning(
    stateBits({ gmem: 'absent' }),
    (state) => stateBits({ gmem: presenceOf(state) === 'prepared' ? 'prepared' : 'allocated' }),
    (state) => encodePageDetail({ gmemNode: nodeOf(state) }),
);

/** The page cache of a file that the VMM could map there; only hugetlb files have pages of a known size. */
const pageCacheMeaning = (hvaPageSize: PageSizeName | null) =>
    makeMeaning(stateBits({ hva: 'absent' }), (state) =>
        presenceOf(state) === 'swapped' ? stateBits({ hva: 'swapped' }) : stateBits({ hva: 'present', hvaMapped: false, hvaPageSize }),
    );
const pageCacheMeanings = {
    usual: pageCacheMeaning(null),
    hugetlb2M: pageCacheMeaning('2M'),
    hugetlb1G: pageCacheMeaning('1G'),
};

/** Page sizes of what a page table maps: by a huge entry, and by others. */
const pageTableMeaning = (huge: PageSizeName | null, small: PageSizeName | null) =>
    makeMeaning(stateBits({ hva: 'absent' }), (state) => {
        const hva = (['absent', 'present', 'swapped', 'zero'] as const)[state & 3] ?? null;
        if (hva !== 'present' && hva !== 'zero') return stateBits({ hva });
        return stateBits({ hva, hvaMapped: hva === 'present', hvaPageSize: (state & 8) !== 0 ? huge : small });
    });
const pageTableMeanings = {
    usual: pageTableMeaning('2M', '4K'),
    untold: pageTableMeaning(null, null),
    hugetlb2M: pageTableMeaning('2M', '2M'),
    hugetlb1G: pageTableMeaning('1G', '1G'),
};

export interface GuestMemfdLayer extends Layer {
    /** The largest page by which KVM can map its pages; null where they differ in this, or it is not known. */
    readonly pageSize: PageSizeName | null;
}

export interface HvaLayers {
    readonly pageTable: Layer;
    readonly pageCache: Layer | null;
}

export class Residency {
    constructor(
        private readonly vm: OpenVm,
        private readonly memory: VmMemory,
        private readonly unknown: UnknownFields,
        private readonly unstamped: UnstampedReads,
        private readonly pace: Pace,
    ) {}

    /** The guest_memfd side of gfns [gfn, end) of a slot. */
    async guestMemfd(slot: SlotRow, { source }: HeldGuestMemfd, gfn: number, end: number): Promise<GuestMemfdLayer> {
        const shift = slot.gfn - slot.gmemPage;
        const last = end - shift;
        const chunks = await readChunks(this.pace, gfn - shift, last, (from) =>
            source.process.readGuestMemfdPages(source.fd, from, last),
        );
        if (chunks === null) throw errors.vmGone(this.vm.id);
        return { ...makeLayer(chunks, shift, guestMemfdMeaning), pageSize: pageSizeIn(chunks) };
    }

    /** The HVA side of gfns [gfn, end) of a slot, which lie in one mapping. */
    async hva(slot: SlotRow, mapping: Mapping, gfn: number, end: number, guestMemfd: Layer | null): Promise<HvaLayers> {
        const pageTable = await this.pageTable(slot, mapping, gfn, end);
        return { pageTable, pageCache: await this.pageCache(slot, mapping, pageTable, gfn, end, guestMemfd) };
    }

    private async pageTable(slot: SlotRow, mapping: Mapping, gfn: number, end: number): Promise<Layer> {
        const shift = slot.gfn - slot.hvaPage;
        const address = (page: number) => BigInt(page) * 4096n;
        const scan = (process: VmmProcess, from: number) => process.scanPagemap(address(from), address(end - shift));
        // The page tables of huge pages may be shared with another process, whose faults then change them.
        const isShared = kindOf(mapping, this.memory.filesystems) === 'hugetlb';
        const chunks = await readChunks(this.pace, gfn - shift, end - shift, (from) =>
            isShared ? this.unstamped.read((process) => scan(process, from)) : scan(this.vm.process, from),
        );
        return makeLayer(chunks ?? [], shift, this.pageSizesOf(mapping, chunks ?? []));
    }

    private pageSizesOf(mapping: Mapping, chunks: readonly PagemapChunk[]): LayerMeaning {
        const hugetlb = this.hugetlbOf(mapping);
        if (hugetlb !== null) return pageTableMeanings[hugetlb];
        if (chunks.every(({ source }) => source === 'PAGEMAP_SCAN')) return pageTableMeanings.usual;
        this.unknown.add('hvaBacking.pageSize', 'this kernel has no PAGEMAP_SCAN, and /proc/PID/pagemap does not tell page sizes');
        return pageTableMeanings.untold;
    }

    private hugetlbOf(mapping: Mapping): 'hugetlb2M' | 'hugetlb1G' | null {
        const size = hugetlbPageSize(mapping, this.memory.filesystems);
        return size === '2M' ? 'hugetlb2M' : size === '1G' ? 'hugetlb1G' : null;
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
        if (mapsOwnGuestMemfd(slot, mapping)) {
            return guestMemfd === null ? null : { ...guestMemfd, meaning: pageCacheMeanings.usual };
        }
        const toFile = mapping.filePage - mapping.start;
        const last = hole.end + toFile;
        const chunks = await readChunks(this.pace, hole.start + toFile, last, (from) =>
            // Other processes can use the file, too.
            this.unstamped.read((process) => process.readMappedFilePages(BigInt(mapping.start) * 4096n, from, last)),
        );
        if (chunks === null) return null;
        return makeLayer(chunks, pageTable.shift - toFile, pageCacheMeanings[this.hugetlbOf(mapping) ?? 'usual']);
    }
}

function pageSizeIn(chunks: readonly PageCacheChunk[]): PageSizeName | null {
    let size: PageSizeName | null = null;
    for (const { folioOrders } of chunks) {
        if (folioOrders === null) return null;
        for (const [order, pages] of folioOrders.entries()) {
            if (pages === 0) continue;
            const name = order < 9 ? '4K' : order < 18 ? '2M' : '1G';
            if (size !== null && size !== name) return null;
            size = name;
        }
    }
    return size;
}
