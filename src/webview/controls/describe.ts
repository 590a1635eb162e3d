/** What the map says in words: of the pages under the pointer or the cursor, of a selection, of what `explain` added. */
import { formatSize, toHex } from '../../common/address';
import { attributeText, fieldText, gmemText, guestMappingText, hvaText, isNotKept } from '../../common/factWords';
import type { RunRow } from '../../common/mapMessages';
import type { PageFacts, PageRun } from '../../common/model';
import { pageFacts, type FactLine } from '../../common/pageFacts';
import type { Extent } from '../../common/openedMap';
import type { ClassCounts, Known } from '../tiles/knownPages';
import { t } from '../l10n';
import { slotsIn, type MapModel } from '../tiles/mapModel';

export interface Description {
    readonly title: string;
    readonly lines: readonly FactLine[];
}

export const toGpa = (gfn: number): string => toHex(gfn * 4096);
export const sizeOf = (pages: number): string => formatSize(BigInt(pages) * 4096n);
export const rangeOf = ({ start, end }: Extent): string => `${toGpa(start)}+${toGpa(end - start)}`;
export const countOf = (pages: number): string => (pages === 1 ? t('1 page') : t('{0} pages', pages.toLocaleString('en')));

/** Bytes per class; what no memslot covers comes last. Null while the counts are not known. */
export function describeMix(model: MapModel, { start, end }: Extent, counts: ClassCounts | null): FactLine[] | null {
    if (counts === null) return null;
    const lines: FactLine[] = counts.map(([index, pages]) => [t(model.layer.classes[index]?.name ?? ''), sizeOf(pages)]);
    const covered = counts.reduce((sum, [, pages]) => sum + pages, 0);
    if (covered < end - start) lines.push([t('No memslot'), sizeOf(end - start - covered)]);
    return lines;
}

export function describePages(model: MapModel, extent: Extent, { counts, row }: Known): Description {
    const pages = extent.end - extent.start;
    const title = pages === 1 ? toGpa(extent.start) : `${rangeOf(extent)} (${sizeOf(pages)})`;
    const slots: FactLine = [t('Memory slot'), describeSlots(model, extent)];
    const run = row?.run ?? null;
    const before = row !== null && model.map.origin === 'comparison' ? describeBefore(row) : [];
    if (run === null) return { title, lines: [slots, ...(describeMix(model, extent, counts) ?? []), ...before] };
    const [slot] = slotsIn(model, extent.start, extent.end);
    const facts = pageFacts(run, slot?.memslot ?? null, row?.doubleBacked ?? false);
    return { title, lines: [...(slot === undefined ? [] : [slots]), ...facts.map(([label, words]) => [t(label), words] as const), ...before] };
}

/** In a comparison: what the pages were before. */
function describeBefore({ run, before }: RunRow): FactLine[] {
    if (before === null) return [[t('Before'), t('nothing')]];
    const words = stateWords(before);
    return [[t('Before'), run !== null && words === stateWords(run) ? t('the same') : words]];
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
    if (first === undefined) return t('none');
    if (slots.length > 1) return t('{0} slots: #{1} to #{2}', slots.length, first.memslot.id, slots.at(-1)?.memslot.id ?? '');
    const { id, description } = first.memslot;
    return [t('Slot {0}', id), rangeOf(first), description].filter((part) => part !== '').join(', ');
}

/** What only the agent knows of one address: where it is, and what could not be read. */
export function describeFacts({ hva, memslot, guestMemfd, unknown, run }: PageFacts): FactLine[] {
    const lines: FactLine[] = [];
    const backing = memslot?.backing ?? null;
    if (hva !== null) lines.push([t('HVA'), backing === null ? hva : `${hva} (${[backing.kind, ...(backing.path === null ? [] : [backing.path])].join(' ')})`]);
    if (guestMemfd !== null) {
        const { inode, fd, offset } = guestMemfd;
        lines.push(['guest_memfd', fd < 0 ? t('inode {0}, offset {1}', inode, offset) : t('fd {0}, offset {1}', fd, offset)]);
    }
    const isKnownSize = run.hvaBacking.state !== 'present' || run.hvaBacking.pageSize !== null;
    for (const entry of unknown) {
        if (isNotKept(entry) || (entry.field === 'hvaBacking.pageSize' && isKnownSize)) continue;
        lines.push([t('Not known'), `${fieldText(entry.field)}: ${entry.reason}`]);
    }
    return lines;
}

/** What the agent says of a page that the map, which is older, says differently. */
export function describeChange(facts: PageFacts, run: PageRun): FactLine[] {
    const words = stateWords(facts.run);
    return words === stateWords(run) ? [] : [[t('Changed since'), words]];
}

function stateWords(page: PageRun): string {
    const { guestMapping } = page;
    return [
        attributeText(page),
        t('HVA side: {0}', hvaText(page.hvaBacking)),
        t('guest_memfd side: {0}', gmemText(page.gmemBacking)),
        ...(guestMapping === null ? [] : [t('guest mapping: {0}', guestMapping.level === 'none' ? t('none') : guestMappingText({ ...guestMapping, accessed: null, dirty: null }))]),
    ].join('; ');
}
