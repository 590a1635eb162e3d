/** What the map says in words: of the pages under the pointer or the cursor, of a selection, of what `explain` added. */
import { formatSize, toHex } from '../common/address';
import { attributeText, gmemText, hvaText } from '../common/factWords';
import type { AddressFacts, PageRun } from '../common/model';
import { pageFacts, type FactLine } from '../common/pageFacts';
import { findRun, pageRunAt } from '../common/pageRuns';
import { isDoubleBacked } from '../common/pageState';
import { slotsIn, type Extent, type MapModel } from './mapModel';
import { classCount, className } from './pageClass';

export interface Description {
    readonly title: string;
    readonly lines: readonly FactLine[];
}

export const toGpa = (gfn: number): string => toHex(gfn * 4096);
export const sizeOf = (pages: number): string => formatSize(BigInt(pages) * 4096n);
export const rangeOf = ({ start, end }: Extent): string => `${toGpa(start)}+${toGpa(end - start)}`;
export const countOf = (pages: number): string => (pages === 1 ? '1 page' : `${pages.toLocaleString('en')} pages`);

/** Bytes per class, the classes that do not occur left out; what no memslot covers comes last. */
export function describeMix(model: MapModel, { start, end }: Extent): FactLine[] {
    const counts = new Float64Array(classCount);
    model.index.count(start, end, counts);
    const lines: FactLine[] = [];
    let covered = 0;
    counts.forEach((pages, pageClass) => {
        covered += pages;
        if (pages > 0) lines.push([className(pageClass), sizeOf(pages)]);
    });
    if (covered < end - start) lines.push(['No memslot', sizeOf(end - start - covered)]);
    return lines;
}

/** The index of the run that holds all of these pages, or -1. */
export function singleRun(model: MapModel, { start, end }: Extent): number {
    const { runs } = model.index;
    const index = findRun(runs, start);
    const first = runs.gfns[index] ?? Infinity;
    return first <= start && first + (runs.pages[index] ?? 0) >= end ? index : -1;
}

export function describePages(model: MapModel, extent: Extent): Description {
    const pages = extent.end - extent.start;
    const title = pages === 1 ? toGpa(extent.start) : `${rangeOf(extent)} (${sizeOf(pages)})`;
    const slots: FactLine = ['Memory slot', describeSlots(model, extent)];
    const index = singleRun(model, extent);
    if (index < 0) return { title, lines: [slots, ...describeMix(model, extent)] };
    const [slot] = slotsIn(model, extent.start, extent.end);
    const { runs } = model.index;
    const facts = pageFacts(pageRunAt(runs, index), slot?.memslot ?? null, isDoubleBacked(runs.states[index] ?? 0));
    return { title, lines: slot === undefined ? facts : [slots, ...facts] };
}

/** One line for a screen reader. */
export function describeBriefly(model: MapModel, extent: Extent): string {
    const slots = slotsIn(model, extent.start, extent.end).map((slot) => slot.memslot.id);
    const where = slots.length === 0 ? '' : `, slot ${slots.slice(0, 4).join(', ')}${slots.length > 4 ? ' and more' : ''}`;
    const mix = describeMix(model, extent);
    const what = mix.map(([name, size]) => (mix.length === 1 ? name : `${name} ${size}`)).join('; ');
    return `${toGpa(extent.start)}, ${sizeOf(extent.end - extent.start)}${where}: ${what}`;
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
