/** Where each page lies on the map: what every layout can tell. Everything is in CSS pixels and gfns. */
import type { Extent } from '../../common/openedMap';

export const layoutKinds = ['rows', 'hilbert'] as const;
export type LayoutKind = (typeof layoutKinds)[number];

/** A part of the layout: [left, right) and [top, bottom). */
export interface Box {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
}

/** What a layout has to fit into: CSS pixels, and device pixels per CSS pixel. */
export interface Viewport {
    readonly width: number;
    readonly height: number;
    readonly ratio: number;
}

/** Cells of one tile that follow each other. */
export interface Piece {
    /** Index of the tile at the layout's level. */
    readonly tile: number;
    /** The first of the cells in the tile. */
    readonly first: number;
    readonly cells: number;
}

/** A rectangle of cells that is painted as one picture. */
export interface Patch {
    /** Tells it from the other patches of the layout. */
    readonly key: string;
    /** Its cells in address order. */
    readonly pieces: readonly Piece[];
    /** At which place, counted line by line, each of its cells lies; null = in address order. */
    readonly places: Uint16Array | null;
    readonly columns: number;
    readonly rows: number;
    /** Top left corner. */
    readonly x: number;
    readonly y: number;
}

export interface CellLayout {
    readonly kind: LayoutKind;
    /** The level of its tiles. */
    readonly level: number;
    /** Pages in a cell. */
    readonly cellPages: number;
    readonly cellWidth: number;
    readonly cellHeight: number;
    readonly width: number;
    readonly height: number;
    /** Cells in it; they are numbered from 0 in address order. */
    readonly cells: number;

    /** The patches that are at least partly in the box. */
    patchesIn(box: Box): Iterable<Patch>;
    /** Number of the cell at a point, or of the nearest one; `inside` says whether the point really is in it. */
    cellAt(x: number, y: number): { readonly cell: number; readonly inside: boolean } | null;
    /** Number of the cell that shows `gfn`; of the last cell before it when none does. */
    cellOf(gfn: number): number;
    /** The pages of a cell. */
    extentOf(cell: number): Extent;
    /** Top left corner of a cell. */
    placeOf(cell: number): { readonly x: number; readonly y: number };
    /** The cell that a view with this top left corner keeps in its place when the layout changes. */
    anchorAt(x: number, y: number): number;
}
