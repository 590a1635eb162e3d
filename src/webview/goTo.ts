/** What a person types to go somewhere: an address, or GPA+SIZE to select as well. */
import { parseAddress } from '../common/address';
import { GuestmemError } from '../common/errors';
import { parseRange } from '../common/range';
import type { Extent } from '../common/openedMap';
import { toGpa } from './describe';
import { firstEndingAfter, trimToOccupied, type MapModel } from './mapModel';

export type Destination = { readonly extent: Extent; readonly select: boolean } | { readonly problem: string };

export function parseDestination(model: MapModel, text: string): Destination {
    const parsed = text.includes('+') ? parseTypedRange(text) : parseTypedAddress(text);
    if ('problem' in parsed || trimToOccupied(model, parsed.extent) !== null) return parsed;
    const next = model.extents[firstEndingAfter(model.extents, parsed.extent.start)];
    const last = model.extents.at(-1);
    const hint = next !== undefined ? `; the next one starts at ${toGpa(next.start)}` : last !== undefined ? `; the last one ends at ${toGpa(last.end)}` : '';
    return { problem: `There is no memslot at ${toGpa(parsed.extent.start)}${hint}.` };
}

function parseTypedAddress(text: string): Destination {
    const address = parseAddress(text);
    if (address === undefined) return { problem: 'Type an address such as 0x1000 or 4096, or a range such as 0x1000+0x2000.' };
    const start = Number(address >> 12n);
    return { extent: { start, end: start + 1 }, select: false };
}

function parseTypedRange(text: string): Destination {
    try {
        const range = parseRange(text);
        const start = Number(range.start >> 12n);
        return { extent: { start, end: start + Number(range.size >> 12n) }, select: true };
    } catch (error) {
        if (error instanceof GuestmemError) return { problem: error.message };
        throw error;
    }
}
