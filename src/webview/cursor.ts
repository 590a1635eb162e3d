/** Where the cursor goes. It is a gfn; on the screen it is the cell that shows it. */
import type { KeyAction } from './keyboard';
import type { Layout } from './layout';

type Move = Extract<KeyAction, { type: 'move' }>;

export interface CursorWorld {
    readonly layout: Layout;
    /** Rows that fit into the panel. */
    readonly rowsInSight: number;
}

/** A move that only the layout decides. */
export type Step = Move & { readonly by: Exclude<Move['by'], 'change'> };

/** The gfn that the cursor is on after a step; one that cannot be made stays. */
export function moveCursor({ layout, rowsInSight }: CursorWorld, gfn: number, move: Step): number {
    const { columns } = layout.grid;
    const cell = layout.cellOf(gfn);
    const last = layout.cells - 1;
    const target = { cell: cell + move.direction, row: rowsAway(1), screen: rowsAway(Math.max(1, rowsInSight - 1)), rowEdge: rowEdge(), mapEdge: move.direction < 0 ? 0 : last }[move.by];
    return layout.extentOf(Math.min(Math.max(target, 0), last)).start;

    /** Stays in its column, also at the first and the last row. */
    function rowsAway(rows: number): number {
        const row = Math.floor(cell / columns) + move.direction * rows;
        return Math.min(Math.max(row, 0), Math.floor(last / columns)) * columns + (cell % columns);
    }

    function rowEdge(): number {
        return cell - (cell % columns) + (move.direction < 0 ? 0 : columns - 1);
    }
}
