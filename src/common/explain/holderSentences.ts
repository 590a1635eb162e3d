/** Who holds the page, in sentences. */
import { listed } from '../listed';
import type { PageFacts } from '../model';
import type { Explanation, FolioHolders, PossibleHolder, Sentence } from './explanation';

const about = 'holders';

export function holderSentences({ holders, memslot }: PageFacts & Pick<Explanation, 'holders'>): Sentence[] {
    if (memslot === null) return [];
    const { mappedBy, folios, possible } = holders;
    const sentences: Sentence[] = [];
    const mapping = mappedBy.map(({ pid, command, hva, rights }) => `process ${pid} (${command}) at ${hva}, ${rights}`);
    if (mapping.length > 0) sentences.push({ about, source: '/proc/PID/maps', text: `Mapped by ${listed(mapping)}.` });
    for (const folio of folios) sentences.push({ about, source: 'reference count of the folio', text: folioText(folio) });
    if (possible.length > 0) {
        const names = possible.map(({ kind, pid, fds }) => `${holderName(kind)} (process ${pid}, fd ${listed(fds.map(String))})`);
        sentences.push({ about, source: '/proc/PID/fd', text: `Possible holders, of which the kernel does not tell the pages: ${listed(names)}.` });
    }
    return sentences;
}

function folioText({ side, pages, references, mappings, pins }: FolioHolders): string {
    const of = pages === 1 ? 'page' : `folio of ${pages} pages`;
    const counted = references === 1 ? '1 reference' : `${references} references`;
    const mapped = mappings === null ? '' : `, ${mappings} by mappings`;
    return `The ${of} of the ${side === 'hva' ? 'HVA' : 'guest_memfd'} side has ${counted}${mapped}${pinsText(pages, pins)}.`;
}

/** A small page has no count of pins: the kernel, too, only takes so many references for one. */
function pinsText(pages: number, pins: number | null): string {
    if (pins === null) return '';
    if (pins === 0) return '; it is not pinned for DMA';
    return `; ${pages === 1 ? 'by its references ' : ''}it is pinned for DMA ${pins === 1 ? 'once' : `${pins} times`}`;
}

const holderName = (kind: PossibleHolder['kind']): string =>
    ({ vfio: 'VFIO', iommufd: 'iommufd', vhost: 'vhost', io_uring: 'io_uring with registered buffers', rdma: 'RDMA' })[kind];
