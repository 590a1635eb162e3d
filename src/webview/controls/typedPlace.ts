/** An address or a range as a person types it, in pages. */
import { parseAddress } from '../../common/address';
import { GuestmemError } from '../../common/errors';
import type { Extent } from '../../common/openedMap';
import { parseRange } from '../../common/range';
import { t } from '../l10n';

export type TypedPlace = { readonly extent: Extent; readonly isRange: boolean } | { readonly problem: string };

export function parsePlace(text: string): TypedPlace {
    return text.includes('+') ? parseTypedRange(text) : parseTypedAddress(text);
}

function parseTypedAddress(text: string): TypedPlace {
    const address = parseAddress(text);
    if (address === undefined) return { problem: t('Type an address such as 0x1000 or 4096, a range such as 0x1000+0x2000, or a slot such as "slot 3".') };
    const start = Number(address >> 12n);
    return { extent: { start, end: start + 1 }, isRange: false };
}

function parseTypedRange(text: string): TypedPlace {
    try {
        const range = parseRange(text.trim());
        const start = Number(range.start >> 12n);
        return { extent: { start, end: start + Number(range.size >> 12n) }, isRange: true };
    } catch (error) {
        if (error instanceof GuestmemError) return { problem: error.message };
        throw error;
    }
}
