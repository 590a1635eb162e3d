/** A layer of the page map: it puts every page into one of its classes, which have a name, a meaning and a look. */
import type { MapColorName } from './mapColors';
import type { MapOrigin, PageKind } from './openedMap';

/** What is drawn over the fill of a cell. */
export type MapMark = 'none' | 'stripes' | 'bar' | 'dot' | 'cross' | 'checker' | 'outline';

export interface MapClass {
    readonly name: string;
    readonly meaning: string;
    readonly fill: MapColorName;
    readonly mark: MapMark;
    readonly markColor: MapColorName;
}

export interface MapLayer {
    /** "state": stable, it is saved and sent. */
    readonly id: string;
    /** For people. */
    readonly name: string;
    /** The only maps that have what it shows; null = all have it. */
    readonly onlyFor: MapOrigin | null;
    /** The ones to notice first come first: they are drawn first, listed first and stay visible. At most 255. */
    readonly classes: readonly MapClass[];
    /** Index of the class. */
    classOf(kind: PageKind): number;
}

/** A layer whose classes go by keys, in the order in which they are written. */
export function makeLayer<Key extends string>(
    head: Pick<MapLayer, 'id' | 'name' | 'onlyFor'>,
    classes: Readonly<Record<Key, MapClass>>,
    keyOf: (kind: PageKind) => Key,
): MapLayer {
    const keys = Object.keys(classes);
    return { ...head, classes: Object.values<MapClass>(classes), classOf: (kind) => keys.indexOf(keyOf(kind)) };
}

/** A class without a mark. */
export const plain = (name: string, fill: MapColorName, meaning: string): MapClass => ({
    name,
    meaning,
    fill,
    mark: 'none',
    markColor: fill,
});

export const marked = (
    name: string,
    fill: MapColorName,
    mark: Exclude<MapMark, 'none'>,
    markColor: MapColorName,
    meaning: string,
): MapClass => ({ name, meaning, fill, mark, markColor });

/** The classes that look alike in every layer which has them. */
export const notKnown = (meaning: string): MapClass => marked('Not known', 'quiet', 'checker', 'quietMark', meaning);
export const outsideMemslots = marked(
    'Outside memslots',
    'hole',
    'outline',
    'quietMark',
    'No memslot is here; only the memory attribute is set.',
);
