/** What is to be drawn: the part of the map in sight, and how it looks. */
import type { MapTile } from '../../common/mapTiles';
import type { HilbertLayout } from '../layout/hilbertLayout';
import type { Box, Viewport } from '../layout/layout';
import type { Layout } from '../layout/layouts';
import type { MapModel } from '../tiles/mapModel';
import type { Palette } from './palette';
import type { RowLayout } from '../layout/rowLayout';

/** Room beside the cells, in CSS pixels. */
export interface Margins {
    readonly left: number;
    readonly top: number;
}

export interface Frame {
    readonly model: MapModel;
    readonly layout: Layout;
    /** What to draw for a tile at the layout's level; null where nothing is known. */
    tileOf(index: number): MapTile | null;
    /** The part of the layout that is in sight. */
    readonly box: Box;
    /** The cells' own part of the panel. */
    readonly viewport: Viewport;
    readonly margins: Margins;
    readonly palette: Palette;
    /** The classes to stand out; empty = all alike. */
    readonly highlight: ReadonlySet<number>;
}

/** A frame of the layout in rows, or along the Hilbert curve. */
export type RowFrame = Frame & { readonly layout: RowLayout };
export type HilbertFrame = Frame & { readonly layout: HilbertLayout };

/** Device pixels that `cssPixels` are. */
export const devicePixels = ({ viewport }: Frame, cssPixels: number): number => Math.round(cssPixels * viewport.ratio);
