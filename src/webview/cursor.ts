/** Where the cursor goes. It is a gfn; on the screen it is the cell that shows it. */
import { findRun } from '../common/pageRuns';
import type { MapAction } from './keyboard';
import type { Layout } from './layout';
import type { MapModel } from './mapModel';
import type { PageClass } from './pageClass';

type Move = Extract<MapAction, { type: 'move' }>;

export interface CursorWorld {
    readonly model: MapModel;
    readonly layout: Layout;
    /** Rows that fit into the panel. */
    readonly rowsInSight: number;
    readonly highlight: ReadonlySet<PageClass>;
}

/** The gfn that the cursor is on after a move; a move that cannot be made stays. */
export function moveCursor(world: CursorWorld, gfn: number, move: Move): number {
    const { layout } = world;
    if (move.by === 'change') return nextChange(world, gfn, move.direction);
    const { columns } = layout.grid;
    const cell = layout.cellOf(gfn);
    const last = layout.cells - 1;
    const target = { cell: cell + move.direction, row: rowsAway(1), screen: rowsAway(Math.max(1, world.rowsInSight - 1)), rowEdge: rowEdge(), mapEdge: move.direction < 0 ? 0 : last }[move.by];
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

/** The first run, in a highlighted class when one is, that starts in another cell. */
function nextChange({ model, layout, highlight }: CursorWorld, gfn: number, direction: 1 | -1): number {
    const { runs, classes } = model.index;
    const cell = layout.extentOf(layout.cellOf(gfn));
    const wanted = (run: number) => highlight.size === 0 || highlight.has(classes[run] ?? 0);
    const startOf = (run: number) => runs.gfns[run] ?? 0;
    if (direction > 0) {
        let run = findRun(runs, cell.end - 1);
        while (run < runs.count && (startOf(run) < cell.end || !wanted(run))) run++;
        return run < runs.count ? startOf(run) : gfn;
    }
    let run = Math.min(findRun(runs, cell.start), runs.count - 1);
    while (run >= 0 && (startOf(run) >= cell.start || !wanted(run))) run--;
    return run >= 0 ? startOf(run) : gfn;
}
