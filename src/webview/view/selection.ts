/** The selected pages: from the cell where the selection began to the one where it now ends, gaps at its ends cut off. */
import type { Extent } from '../../common/openedMap';
import { trimToOccupied, type MapModel } from '../tiles/mapModel';

export interface Selection {
    /** Where it began: the cell stays fixed while the other end moves. */
    readonly anchor: Extent;
    readonly extent: Extent;
}

export function select(model: MapModel, anchor: Extent, focus: Extent = anchor): Selection | null {
    const union = { start: Math.min(anchor.start, focus.start), end: Math.max(anchor.end, focus.end) };
    const extent = trimToOccupied(model, union);
    return extent === null ? null : { anchor, extent };
}
