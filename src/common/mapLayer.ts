/** A layer of the page map: it puts every page into one of its classes, which have a name, a meaning and a look. */
import type { MapColorName } from './mapColors';
import type { PageKind } from './openedMap';

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
    /** The ones to notice first come first: they are drawn first, listed first and stay visible. At most 255. */
    readonly classes: readonly MapClass[];
    /** Index of the class. */
    classOf(kind: PageKind): number;
}
