/** A frame around each cell in sight whose pages differ from what was there at the look before. */
import { tileCells } from '../../common/mapTiles';
import type { Extent } from '../../common/openedMap';
import { devicePixels, type Frame } from './frame';
import { firstEndingAfter } from '../tiles/mapModel';

/** `changed` is sorted and disjoint. */
export function drawChanges(context: CanvasRenderingContext2D, frame: Frame, changed: readonly Extent[]): void {
    const { layout, box, margins, palette } = frame;
    const line = devicePixels(frame, 1);
    const width = devicePixels(frame, layout.cellWidth) - line;
    const height = devicePixels(frame, layout.cellHeight) - line;
    context.strokeStyle = palette.foreground;
    context.lineWidth = line;
    for (const cell of changedCells(frame, changed)) {
        const { x, y } = layout.placeOf(layout.cellOf(cell * layout.cellPages));
        const left = devicePixels(frame, margins.left + x - box.left);
        const top = devicePixels(frame, margins.top + y - box.top);
        context.strokeRect(left + line / 2, top + line / 2, width - line, height - line);
    }
}

/** Counted from gfn 0, each once. */
function* changedCells({ layout, box }: Frame, changed: readonly Extent[]): Generator<number> {
    for (const { pieces } of layout.patchesIn(box)) {
        for (const { tile, first, cells } of pieces) {
            let next = tile * tileCells + first;
            const end = next + cells;
            for (let i = firstEndingAfter(changed, next * layout.cellPages); i < changed.length; i++) {
                const extent = changed[i];
                if (extent === undefined || extent.start >= end * layout.cellPages) break;
                const last = Math.min(end, Math.ceil(extent.end / layout.cellPages));
                for (next = Math.max(next, Math.floor(extent.start / layout.cellPages)); next < last; next++) yield next;
            }
        }
    }
}
