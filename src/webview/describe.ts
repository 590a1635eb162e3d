/** What the map says in words: of the pages under the pointer or the cursor, of a selection, of what `explain` added. */
import { formatSize, toHex } from '../common/address';
import { attributeText, gmemText, hvaText } from '../common/factWords';
import type { AddressFacts, PageRun } from '../common/model';
import { pageFacts, type FactLine } from '../common/pageFacts';
import type { Extent } from '../common/openedMap';
import type { ClassCounts, Known } from './knownPages';
import { slotsIn, type MapModel } from './mapModel';

export interface Description {
    readonly title: string;
    readonly lines: readonly FactLine[];
}

export const toGpa = (gfn: number): string => toHex(gfn * 4096);
export const sizeOf = (pages: number): string => formatSize(BigInt(pages) * 4096n);
export const rangeOf = ({ start, end }: Extent): string => `${toGpa(start)}+${toGpa(end - start)}`;
export const countOf = (pages: number): string => (pages === 1 ? '1 page' : `${pages.toLocaleString('en')} pages`);

/** Bytes per class; what no memslot covers comes last. Null while the counts are not known. */
export function describeMix(model: MapModel, { start, end }: Extent, counts: ClassCounts | null): FactLine[] | null {
    if (counts === null) return null;
    const lines: FactLine[] = counts.map(([index, pages]) => [model.layer.classes[index]?.name ?? '', sizeOf(pages)]);
    const covered = counts.reduce((sum, [, pages]) => sum + pages, 0);
    if (covered < end - start) lines.push(['No memslot', sizeOf(end - start - covered)]);
    return lines;
}

export function describePages(model: MapModel, extent: Extent, { counts, row }: Known): Description {
    const pages = extent.end - extent.start;
    const title = pages === 1 ? toGpa(extent.start) : `${rangeOf(extent)} (${sizeOf(pages)})`;
    const slots: FactLine = ['Memory slot', describeSlots(model, extent)];
    const run = row?.run ?? null;
    if (run === null) return { title, lines: [slots, ...(describeMix(model, extent, counts) ?? [])] };
    const [slot] = slotsIn(model, extent.start, extent.end);
    const facts = pageFacts(run, slot?.memslot ?? null, row?.doubleBacked ?? false);
    return { title, lines: slot === undefined ? facts : [slots, ...facts] };
}

/** One line for a screen reader. */
export function describeBriefly(model: MapModel, extent: Extent, counts: ClassCounts | null): string {
    const slots = slotsIn(model, extent.start, extent.end).map((slot) => slot.memslot.id);
    const where = slots.length === 0 ? '' : `, slot ${slots.slice(0, 4).join(', ')}${slots.length > 4 ? ' and more' : ''}`;
    const mix = describeMix(model, extent, counts) ?? [];
    const what = mix.map(([name, size]) => (mix.length === 1 ? name : `${name} ${size}`)).join('; ');
    return `${toGpa(extent.start)}, ${sizeOf(extent.end - extent.start)}${where}${what === '' ? '' : `: ${what}`}`;
}

function describeSlots(model: MapModel, { start, end }: Extent): string {
    const slots = slotsIn(model, start, end);
    const [first] = slots;
    if (first === undefined) return 'none';
    if (slots.length > 1) return `${slots.length} slots: #${first.memslot.id} to #${slots.at(-1)?.memslot.id ?? ''}`;
    const { id, description } = first.memslot;
    return [`Slot ${id}`, rangeOf(first), description].filter((part) => part !== '').join(', ');
}

/** Where one address is, which only the agent knows. */
export function describeFacts(facts: AddressFacts): FactLine[] {
    const lines: FactLine[] = [];
    if (facts.hva !== null) lines.push(['HVA', facts.hva]);
    if (facts.guestMemfd !== null) {
        const { inode, fd, offset } = facts.guestMemfd;
        lines.push(['guest_memfd', `${fd < 0 ? `inode ${inode}` : `fd ${fd}`}, offset ${offset}`]);
    }
    return lines;
}

/** What the agent says of a page that the map, which is older, says differently. */
export function describeChange(facts: AddressFacts, run: PageRun): FactLine[] {
    const words = (page: PageRun) =>
        [attributeText(page), `HVA side: ${hvaText(page.hvaBacking)}`, `guest_memfd side: ${gmemText(page.gmemBacking)}`].join('; ');
    return words(facts.run) === words(run) ? [] : [['Changed since', words(facts.run)]];
}
