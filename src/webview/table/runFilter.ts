/** What is typed above the table of runs: which of them to show. */
import { toHex } from '../../common/address';
import type { RunFilter } from '../../common/openedMap';
import { t } from '../l10n';
import { parsePlace } from '../controls/typedPlace';

export type TypedFilter = Pick<RunFilter, 'memslot' | 'range'> | { readonly problem: string };

/** "slot 3", an address, a range, or a slot and one of the two; nothing at all shows every run. */
export function parseFilter(text: string): TypedFilter {
    const slot = /^\s*(?:slot\s*|#)(\d{1,5})\s*/i.exec(text);
    const memslot = slot === null ? null : Number(slot[1]);
    const rest = text.slice(slot?.[0].length ?? 0).trim();
    if (rest === '') return { memslot, range: null };
    const place = parsePlace(rest);
    if ('problem' in place) return { problem: t('Type an address, a range such as 0x1000+0x2000, or a slot such as "slot 3".') };
    const { start, end } = place.extent;
    return { memslot, range: { gpa: toHex(start * 4096), size: toHex((end - start) * 4096) } };
}
