/** Which text stands where in the strip above a row: each memslot's label at its start, as long as there is room. */
import { rangeOf, sizeOf } from './describe';
import type { Slot } from './mapModel';

export interface PlacedLabel {
    readonly text: string;
    readonly x: number;
}

export interface LabelGroup {
    /** Where the slots start, in CSS pixels. */
    readonly x: number;
    readonly slots: readonly Slot[];
}

/** Between two labels, in CSS pixels. */
const space = 10;
/** A label that would stand farther from its slot than this is left out. */
const farthest = 60;

/**
 * Places the labels of one strip between `left` and `right`. First each group in turn gets the place for its shortest
 * text, moved a little from its slot where its neighbour needs it, or none; then texts grow into the room that is left.
 */
export function placeLabels(groups: readonly LabelGroup[], left: number, right: number, widthOf: (text: string) => number): PlacedLabel[] {
    const places: { texts: readonly string[]; x: number }[] = [];
    let free = left;
    for (const { x: wanted, slots } of groups) {
        const texts = labelTexts(slots);
        const width = widthOf(texts.at(-1) ?? '');
        const x = Math.max(free, Math.min(wanted, right - width));
        if (x + width > right || Math.abs(x - wanted) > farthest) continue;
        places.push({ texts, x });
        free = x + width + space;
    }
    return places.map(({ texts, x }, i) => {
        const limit = (places[i + 1]?.x ?? right + space) - space;
        return { x, text: texts.find((text) => x + widthOf(text) <= limit) ?? texts.at(-1) ?? '' };
    });
}

/** From the longest to the shortest. */
export function labelTexts(slots: readonly Slot[]): string[] {
    const [first] = slots;
    if (first === undefined) return [];
    if (slots.length > 1) {
        const pages = slots.reduce((sum, slot) => sum + slot.end - slot.start, 0);
        return [`${slots.length} slots · ${slots.map((slot) => `#${slot.memslot.id}`).join(' ')}`, `${slots.length} slots · ${sizeOf(pages)}`, `${slots.length} slots`];
    }
    const { id, internal, description } = first.memslot;
    const size = sizeOf(first.end - first.start);
    const range = `#${id} · ${rangeOf(first)}`;
    const remarks = [size, description, ...(internal ? ["KVM's own"] : [])].filter((part) => part !== '');
    return [[range, ...remarks].join(' · '), `${range} · ${size}`, `#${id} · ${size}`, `#${id}`];
}
