/** What a person types to go somewhere: an address, GPA+SIZE or a memslot; and what that could still become. */
import { toHex } from '../../common/address';
import type { Extent } from '../../common/openedMap';
import { rangeOf, sizeOf, toGpa } from './describe';
import { t } from '../l10n';
import { firstEndingAfter, slotsIn, trimToOccupied, type MapModel, type Slot } from '../tiles/mapModel';
import { parsePlace } from './typedPlace';

export type Destination = { readonly extent: Extent; readonly select: boolean } | { readonly problem: string };

export interface Suggestion {
    /** What the field holds when it is taken. */
    readonly text: string;
    /** For people: where that is. */
    readonly description: string;
}

const mostSuggestions = 8;

/** "slot 3" and "#3", also while the number is still missing. */
const slotPattern = /^\s*(?:slot|#)\s*(\d{0,5})\s*$/i;

export function parseDestination(model: MapModel, text: string): Destination {
    const slot = slotPattern.exec(text)?.[1];
    if (slot !== undefined && slot !== '') return findSlot(model, Number(slot));
    const place = parsePlace(text);
    if ('problem' in place) return place;
    const { extent, isRange } = place;
    return trimToOccupied(model, extent) === null ? { problem: nothingAt(model, extent.start) } : { extent, select: isRange };
}

function findSlot(model: MapModel, id: number): Destination {
    const slot = model.slotsById.get(id);
    if (slot !== undefined) return { extent: { start: slot.start, end: slot.end }, select: true };
    const ids = [...model.slotsById.keys()].sort((a, b) => a - b);
    const near = ids.findLast((one) => one < id) ?? ids[0];
    const next = ids.find((one) => one > id);
    const found = [...new Set([near, next])].filter((one) => one !== undefined).join(', ');
    return { problem: found === '' ? t('This address space has no memslots.') : t('There is no slot {0}; the nearest are {1}.', id, found) };
}

function nothingAt(model: MapModel, gfn: number): string {
    const index = firstEndingAfter(model.extents, gfn);
    const [before, next] = [model.extents[index - 1], model.extents[index]];
    const parts = [
        t('There is no memslot at {0}', toGpa(gfn)),
        ...(before === undefined ? [] : [t('the one before ends at {0}', toGpa(before.end))]),
        ...(next === undefined ? [] : [t('the next one starts at {0}', toGpa(next.start))]),
    ];
    return `${parts.join('; ')}.`;
}

/** Memslots that the text may mean, and what lies at the address that it is. */
export function suggest(model: MapModel, text: string): Suggestion[] {
    const typed = text.trim().toLowerCase();
    const slotDigits = slotPattern.exec(typed)?.[1];
    const place = parsePlace(typed);
    const here = 'extent' in place ? slotsIn(model, place.extent.start, place.extent.end).slice(0, 1) : [];
    const begins = model.slots.filter(({ memslot }) =>
        slotDigits !== undefined ? String(memslot.id).startsWith(slotDigits) : memslot.gpa.startsWith(typed) || String(memslot.id) === typed || 'slot'.startsWith(typed),
    );
    const address = here.map((slot) => ({ text: typed, description: t('in slot {0}: {1}', slot.memslot.id, rangeOf(slot)) }));
    return [...address, ...begins.map(suggestSlot)].slice(0, mostSuggestions);
}

function suggestSlot({ memslot, start, end }: Slot): Suggestion {
    const facts = [`${memslot.gpa}+${toHex((end - start) * 4096)}`, sizeOf(end - start), memslot.description];
    return { text: `slot ${memslot.id}`, description: facts.filter((fact) => fact !== '').join(', ') };
}
