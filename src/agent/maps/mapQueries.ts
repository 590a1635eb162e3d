/** What is asked about the pages of an open map, by the classes of a layer. */
import type { PackedRunList, PackedTile } from '../../common/mapMethods';
import type { RunRows } from '../../../native/index';
import { bytesOfColumn, packPageRuns } from '../../common/packedRuns';
import type { MapLayer } from '../../common/mapLayer';
import { tileCells, tilePages } from '../../common/mapTiles';
import type { Extent, RunOrder } from '../../common/openedMap';
import { gfnLimit } from '../pages/attributeWalk';
import type { Window } from '../pages/window';
import { runsIn, wanted, type IndexedMap } from './indexedMap';

export function readTiles(map: IndexedMap, layer: MapLayer, level: number, tiles: readonly number[]): Promise<PackedTile[]> {
    const { index, classes } = runsIn(map, layer);
    return Promise.all(
        tiles.map(async (tile) => {
            const counts = await index.countCells(classes, tile * tilePages(level), 2 ** level, tileCells);
            return {
                index: tile,
                offsets: bytesOfColumn(counts.offsets),
                classes: bytesOfColumn(counts.classes),
                pages: bytesOfColumn(counts.pages),
            };
        }),
    );
}

export async function countPages(map: IndexedMap, layer: MapLayer, { start, end }: Extent) {
    const { index, classes: classOfKind } = runsIn(map, layer);
    const { classes, pages } = await index.countCells(classOfKind, start, end - start, 1);
    const row = map.index.slice(map.index.find(start), 1);
    const [first = Infinity] = row.gfns;
    const holdsAll = first <= start && first + (row.pages[0] ?? 0) >= end;
    return {
        counts: Array.from(classes, (one, i) => [one, pages[i] ?? 0] as const),
        run: holdsAll ? packRows(map, row) : null,
    };
}

export async function findRun(
    map: IndexedMap,
    layer: MapLayer,
    classes: readonly number[],
    gfn: number,
    direction: 1 | -1,
): Promise<Extent | null> {
    const { index, classes: classOfKind } = runsIn(map, layer);
    // The run that reaches beyond `gfn` begins or ends on the wrong side of it.
    const here = index.find(gfn);
    const reaches = (index.slice(here, 1).gfns[0] ?? Infinity) < gfn;
    const from = direction < 0 ? here - 1 : reaches ? here + 1 : here;
    if (from < 0) return null;
    const run = await index.findClass(classOfKind, wanted(classes), from, direction > 0);
    const found = run < 0 ? undefined : index.slice(run, 1);
    const [start] = found?.gfns ?? [];
    return start === undefined ? null : { start, end: start + (found?.pages[0] ?? 0) };
}

/** In the order of the numbers that the index knows. */
export const runOrders: readonly RunOrder[] = ['address', 'size', 'memslot', 'class'];

export interface RunListing {
    readonly layer: MapLayer;
    readonly classes: readonly number[];
    readonly memslot: number | null;
    readonly window: Window | null;
    readonly order: RunOrder;
    readonly descending: boolean;
    readonly first: number;
    readonly most: number;
}

export async function listRuns(map: IndexedMap, what: RunListing) {
    const { gfn, end } = what.window ?? { gfn: 0, end: gfnLimit };
    const { index, classes } = runsIn(map, what.layer);
    const rows = await index.list(
        classes,
        wanted(what.classes),
        what.memslot,
        gfn,
        end,
        runOrders.indexOf(what.order),
        what.descending,
        what.first,
        what.most,
    );
    return { ...packRows(map, rows), total: rows.total, totalPages: rows.totalPages };
}

function packRows({ comparedWith }: IndexedMap, rows: RunRows): PackedRunList {
    const runs = packPageRuns(rows);
    // Of runs that are cut by age, when they changed is no earlier state.
    if (comparedWith === null) return { runs, before: null, presence: rows.presence.map((bits) => bits & 3) };
    const before = { states: bytesOfColumn(rows.beforeStates), details: bytesOfColumn(rows.beforeDetails) };
    return { runs, before, presence: bytesOfColumn(rows.presence) };
}
