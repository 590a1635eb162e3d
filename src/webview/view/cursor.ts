/** Where the cursor goes. It is a gfn; on the screen it is the cell that shows it. */
import type { KeyAction } from './keyboard';
import { clamp } from '../layout/cellNumbers';
import type { Layout } from '../layout/layouts';
import type { RowLayout } from '../layout/rowLayout';
import type { HilbertLayout } from '../layout/hilbertLayout';

type Move = Extract<KeyAction, { type: 'move' }>;
/** A move that only the layout decides. */
export type Step = Move & { readonly by: Exclude<Move['by'], 'change'> };

export interface CursorWorld {
    readonly layout: Layout;
    /** Rows that fit into the panel. */
    readonly rowsInSight: number;
}

/** The gfn that the cursor is on after a step; one that cannot be made stays. */
export function moveCursor({ layout, rowsInSight }: CursorWorld, gfn: number, step: Step): number {
    const cell = layout.cellOf(gfn);
    const last = layout.cells - 1;
    const screen = Math.max(1, rowsInSight - 1);
    const target =
        step.by === 'mapEdge'
            ? step.direction < 0
                ? 0
                : last
            : layout.kind === 'rows'
              ? moveInRows(layout, cell, step, screen)
              : moveOnSquare(layout, cell, step, screen);
    return layout.extentOf(clamp(target, 0, last)).start;
}

function moveInRows({ grid, cells }: RowLayout, cell: number, { by, direction }: Step, screen: number): number {
    const { columns } = grid;
    if (by === 'cell') return cell + direction;
    if (by === 'rowEdge') return cell - (cell % columns) + (direction < 0 ? 0 : columns - 1);
    // Stays in its column, also at the first and the last row.
    const row = Math.floor(cell / columns) + direction * (by === 'screen' ? screen : 1);
    return clamp(row, 0, Math.floor((cells - 1) / columns)) * columns + (cell % columns);
}

/** Goes where the key points on the screen, as far as there are cells. */
function moveOnSquare(layout: HilbertLayout, cell: number, { by, direction }: Step, screen: number): number {
    const { cellWidth, cellHeight, width, height } = layout;
    const { x, y } = layout.placeOf(cell);
    const across = by === 'cell' ? 1 : by === 'rowEdge' ? Math.ceil(width / cellWidth) : 0;
    const down = by === 'row' ? 1 : by === 'screen' ? screen : 0;
    for (let steps = Math.max(across, down); steps > 0; steps--) {
        const to = {
            x: clamp(x + Math.min(steps, across) * direction * cellWidth, 0, width - cellWidth),
            y: clamp(y + Math.min(steps, down) * direction * cellHeight, 0, height - cellHeight),
        };
        const hit = layout.cellAt(to.x + cellWidth / 2, to.y + cellHeight / 2);
        if (hit?.inside === true) return hit.cell;
    }
    return cell;
}
