/** What can be told of who holds a page of a guest_memfd: how many references it has, and which processes map it. */
import type { FolioReferences } from '../../../native/index';
import { toHex } from '../../common/address';
import { toGuestmemError } from '../../common/errors';
import { findKvmMappings } from '../discovery/kvmMappings';
import { Pace } from '../pace';
import type { HeldGuestMemfd } from './guestMemfds';

/** FOLL_PIN adds this to the references of a folio of one page, for each pin (GUP_PIN_COUNTING_BIAS). */
const pinReferences = 1024;

export interface PageHolders {
    /** For a sentence. */
    readonly text: string;
    /** Of the folio, and how many of them are the page cache's; null where the kernel does not tell. */
    readonly references: number | null;
    readonly ownReferences: number | null;
    readonly mappedBy: readonly { readonly pid: number; readonly hva: string }[];
}

/** It is asked after a failure, whose message it makes, so nothing of it fails. */
export async function whoHoldsPage({ record, source }: HeldGuestMemfd, page: number): Promise<PageHolders> {
    const folio = await orReason(() => source.process.readFolioReferences(source.fd, page));
    const found = await orReason(() => findKvmMappings(new Pace(new AbortController().signal)));
    const { mappings, reason } = typeof found === 'string' ? { mappings: null, reason: found } : found;
    const mappedBy = (mappings ?? [])
        .filter(({ inode, kind }) => kind === 'guest_memfd' && inode === record.inode)
        .filter(({ firstPage, start, end }) => page >= firstPage && BigInt(page - firstPage) < (end - start) >> 12n)
        .map(({ pid, start, firstPage }) => ({ pid, hva: toHex(start + (BigInt(page - firstPage) << 12n)) }));
    const known = typeof folio === 'string' ? null : folio;
    return {
        text: `${referencesText(folio)}; ${mappingsText(mappedBy, reason)}`,
        references: known?.references ?? null,
        ownReferences: known?.pages ?? null,
        mappedBy,
    };
}

/** What it found, or why it found nothing. */
async function orReason<T>(look: () => T | Promise<T>): Promise<T | string> {
    try {
        return await look();
    } catch (thrown) {
        return toGuestmemError(thrown).message;
    }
}

/** Null for a folio of several pages, whose pins are counted elsewhere. */
export const pinsAmong = ({ references, pages }: FolioReferences): number | null => (pages === 1 ? Math.floor(references / pinReferences) : null);

function referencesText(folio: { references: number; pages: number } | string | null): string {
    if (folio === null) return 'how many references it has now the kernel does not tell';
    if (typeof folio === 'string') return `how many references it has is not known (${folio})`;
    const { references, pages } = folio;
    const pins = pinsAmong(folio) ?? 0;
    const others = references - pages - pins * pinReferences;
    const parts = [`${pages} of its page cache`, ...(pins > 0 ? [`${pins} pinned for DMA`] : []), ...(others > 0 ? [`${others} of mappings and others`] : [])];
    return `it has these references now: ${parts.join(', ')}`;
}

function mappingsText(mappedBy: PageHolders['mappedBy'], reason: string | null): string {
    const named = mappedBy.map(({ pid, hva }) => `process ${pid} at HVA ${hva}`);
    const found = named.length === 0 ? 'no process that could be looked at has it mapped' : `it is mapped by ${named.join(', ')}, which may have handed it on`;
    return reason === null ? found : `${found} (not all could be: ${reason})`;
}
