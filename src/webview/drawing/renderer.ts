/** The face between the map and what draws its cells: WebGL where it is fast, else a 2D canvas; both look the same. */
import type { Extent } from '../../common/openedMap';
import type { CellSize } from './cellAtlas';
import { devicePixels, type Frame } from './frame';

/** What moves over the cells. Cells are given by their pages. */
export interface Marks {
    readonly hover: Extent | null;
    readonly cursor: Extent | null;
    readonly focused: boolean;
    readonly selection: Extent | null;
    /** What the last look at the VM found changed; sorted and disjoint. */
    readonly changed: readonly Extent[];
}

export interface CellRenderer {
    readonly element: HTMLCanvasElement;
    /** Whether the picture is whole; else it is to be drawn once more in the next frame. */
    draw(frame: Frame): boolean;
}

/** Of a cell as it is drawn. */
export function cellSizeOf(frame: Frame): CellSize {
    const { cellWidth, cellHeight } = frame.layout;
    return { width: devicePixels(frame, cellWidth), height: devicePixels(frame, cellHeight), gap: devicePixels(frame, 1) };
}
