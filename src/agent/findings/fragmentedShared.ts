/** Shared memory in so many pieces that VFIO cannot map it for devices: VFIO_IOMMU_MAP_DMA answers ENOSPC. */
import { existsSync, readFileSync } from 'node:fs';
import { isPrivate } from '../../common/pageState';
import { ofMemory } from './detector';
import { byOthers, makeFinding } from './makeFinding';
import { selectPages } from './selectedPages';

export const findFragmentedShared = ofMemory(async ({ map }, { details, pace }) => {
    // Where nothing can be private, all is mapped slot by slot.
    if (details.capabilities.attributeScope === 'none') return [];
    const shared = [...(await selectPages(map.runs, (state) => !isPrivate(state), pace))].toSorted(([, a], [, b]) => b.extents - a.extents);
    const pieces = shared.reduce((sum, [, { extents }]) => sum + extents, 0);
    const pages = shared.reduce((sum, [, slot]) => sum + slot.pages, 0);
    const limit = readEntryLimit();
    if (pieces * 2 < limit) return [];
    const [worst] = shared;
    const count = (value: number) => value.toLocaleString('en');
    return [
        makeFinding({
            kind: 'fragmented-shared',
            severity: pieces > limit ? 'warning' : 'information',
            title: `Shared memory is in ${count(pieces)} pieces; VFIO maps at most ${count(limit)}`,
            explanation: `A VMM that passes a device through maps each shared piece for DMA, and type1 VFIO refuses more than ${count(limit)} mappings (dma_entry_limit) with ENOSPC. One that maps page by page, to be able to unmap so, needs ${count(pages)}.`,
            action: byOthers(
                'Have the guest keep its shared buffers together (a larger swiotlb pool), raise dma_entry_limit of the module vfio_iommu_type1, or let the VMM use iommufd, which has no such limit.',
            ),
            ranges: worst?.[1].ranges() ?? [],
            bytes: pages * 4096,
            memslot: worst?.[0] ?? null,
            source: 'page states and /sys/module/vfio_iommu_type1/parameters/dma_entry_limit',
        }),
    ];
});

/** VFIO_IOMMU_TYPE1's own default (U16_MAX), where its module is not loaded. */
const defaultLimit = 65_535;

function readEntryLimit(): number {
    const parameter = '/sys/module/vfio_iommu_type1/parameters/dma_entry_limit';
    return existsSync(parameter) ? Number(readFileSync(parameter, 'utf8')) : defaultLimit;
}
