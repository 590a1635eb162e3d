/**
 * The facts of a page as lines, label and words: the same in the hover and on the map. A line that would say nothing
 * but what everybody expects is left out.
 */
import { formatSize, parseHex } from './address';
import {
    attributeText,
    dirtyText,
    doubleBackedText,
    gmemText,
    guestMappingText,
    guestUsesText,
    hvaText,
    kindText,
    rightsText,
    whyNotLargerText,
} from './factWords';
import type { AddressFacts } from './explain/explanation';
import type { Memslot, PageRun } from './model';

export type FactLine = readonly [label: string, words: string];

/** Of a memslot, what the words about its pages depend on. */
export type SlotFlags = Pick<Memslot, 'flags'>;

/** "0x1000+0x2000 (8 KiB)" */
export const extentText = ({ gpa, size }: Pick<PageRun, 'gpa' | 'size'>): string =>
    `${gpa}+${size} (${formatSize(parseHex(size) ?? 0n)})`;

export function kindOf(slot: SlotFlags | null): AddressFacts['kind'] {
    if (slot === null) return 'mmio';
    return slot.flags.includes('readonly') ? 'rom' : 'memory';
}

/** `slot` is the one that the run is in; `kind` is told where more is known than the slot. */
export function pageFacts(run: PageRun, slot: SlotFlags | null, doubleBacked: boolean, kind = kindOf(slot)): FactLine[] {
    const lines: FactLine[] = [
        ...(kind === 'memory' ? [] : [['Kind', kindText(kind)] as const]),
        ['Attribute', attributeText(run)],
        ...(slot === null ? [] : backingFacts(run, slot, doubleBacked)),
    ];
    if (run.dirty !== null) lines.push(['Dirty', dirtyText(run.dirty)]);
    return [...lines, ['Same state', extentText(run)]];
}

function backingFacts(run: PageRun, slot: SlotFlags, doubleBacked: boolean): FactLine[] {
    const lines: FactLine[] = [['HVA side', hvaText(run.hvaBacking)]];
    const hasGuestMemfd = run.gmemBacking.state !== 'none';
    if (hasGuestMemfd || run.attribute === 'private') lines.push(['guest_memfd side', gmemText(run.gmemBacking)]);
    if (hasGuestMemfd || run.guestUses === 'none') lines.push(['Guest uses', guestUsesText(run)]);
    if (doubleBacked) lines.push(['Double-backed', doubleBackedText({ doubleBacked, run })]);
    if (isRestricted(run, slot)) lines.push(['Rights', rightsText(slot, run)]);
    if (run.guestMapping !== null) lines.push(['Guest mapping', guestMappingText(run.guestMapping)]);
    const obstacles = whyNotLargerText(run);
    if (obstacles !== '') lines.push(['Why not larger', obstacles]);
    return lines;
}

/** The memslot or the VMM's mapping permits less than reading and writing. */
function isRestricted(run: PageRun, slot: SlotFlags): boolean {
    if (rightsText(slot, run) === '') return false;
    const { hvaBacking } = run;
    return slot.flags.includes('readonly') || (hvaBacking.state !== 'none' && hvaBacking.rights?.startsWith('rw') === false);
}
