/** Which text stands where in the strip above a row: each memslot's label at its start, as long as there is room. */
import { rangeOf, sizeOf } from '../controls/describe';
import type { Slot } from '../tiles/mapModel';

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

interface Place {
    readonly wanted: number;
    /** From the shortest to the longest. */
    readonly texts: readonly string[];
    text: string;
    x: number;
    end: number;
}

/**
 * Places the labels of one strip between `left` and `right`. First each group in turn gets its shortest text, moved a
 * little from its slot where its neighbour needs the place, or none; then all grow in turn into the room that is left.
 */
export function placeLabels(groups: readonly LabelGroup[], left: number, right: number, widthOf: (text: string) => number): PlacedLabel[] {
    const places: Place[] = [];
    for (const { x: wanted, slots } of groups) {
        const texts = labelTexts(slots);
        const text = texts[0] ?? '';
        const free = (places.at(-1)?.end ?? left - space) + space;
        const x = Math.max(free, Math.min(wanted, right - widthOf(text)));
        const end = x + widthOf(text);
        if (end <= right && Math.abs(x - wanted) <= farthest) places.push({ wanted, texts, text, x, end });
    }
    for (let length = 1; length < mostTexts; length++) {
        places.forEach((place, i) => {
            const from = (places[i - 1]?.end ?? left - space) + space;
            const to = (places[i + 1]?.x ?? right + space) - space;
            const text = place.texts[length] ?? place.text;
            if (widthOf(text) > to - from) return;
            place.text = text;
            place.x = Math.max(from, Math.min(place.wanted, to - widthOf(text)));
            place.end = place.x + widthOf(text);
        });
    }
    return places.map(({ text, x }) => ({ text, x }));
}

const mostTexts = 4;

/** What a label can say, from the shortest to the longest. */
export function labelTexts(slots: readonly Slot[]): readonly string[] {
    const [first] = slots;
    if (first === undefined) return [];
    if (slots.length > 1) {
        const count = `${slots.length} slots`;
        return [count, `${count} · ${slots.map((slot) => `#${slot.memslot.id}`).join(' ')}`];
    }
    const { id, internal, description } = first.memslot;
    const size = sizeOf(first.end - first.start);
    const range = `#${id} · ${rangeOf(first)} · ${size}`;
    const remarks = [description, ...(internal ? ["KVM's own"] : [])].filter((part) => part !== '');
    return [`#${id}`, `#${id} · ${size}`, range, [range, ...remarks].join(' · ')];
}
