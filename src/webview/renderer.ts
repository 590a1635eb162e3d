/** The face between the map and what draws it, so that another technique can take the canvas's place. */
import type { Layout } from './layout';
import type { Extent, MapModel } from './mapModel';
import type { PageClass } from './pageClass';
import type { Palette } from './palette';
import type { Viewport } from './zoom';

/** Room beside the cells, in CSS pixels. */
export interface Margins {
    readonly left: number;
    readonly top: number;
}

export interface Frame {
    readonly model: MapModel;
    readonly layout: Layout;
    /** The part of the layout at the top of the panel. */
    readonly top: number;
    /** The cells' own part of the panel. */
    readonly viewport: Viewport;
    readonly margins: Margins;
    readonly palette: Palette;
    /** The classes to stand out; empty = all alike. */
    readonly highlight: ReadonlySet<PageClass>;
}

/** What moves over the cells. Cells are given by their pages. */
export interface Marks {
    readonly hover: Extent | null;
    readonly cursor: Extent | null;
    readonly focused: boolean;
    readonly selection: Extent | null;
}

export interface MapRenderer {
    /** In drawing order, to be laid over each other. */
    readonly elements: readonly HTMLElement[];
    drawPages(frame: Frame): void;
    drawMarks(frame: Frame, marks: Marks): void;
}
