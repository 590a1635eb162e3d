/** What the page map's webview asks about pages goes to the agent that holds the map open; this is the way back and forth. */
import { unpackPageRuns, type PackedPageRuns } from '../../common/packedRuns';
import type { MapAnswer, MapEvent, MapQuestion, MapRequest, RunRow } from '../../common/mapMessages';
import type { PackedRunList, PackedTile } from '../../common/mapMethods';
import type { MapTile } from '../../common/mapTiles';
import { pageRunAt, type PageRuns } from '../../common/pageRuns';
import { isDoubleBacked } from '../../common/pageState';
import type { AgentClient } from '../connection/agentClient';
import type { MapSource, SourceMap } from './mapSource';

type TilesRequest = Extract<MapRequest, { type: 'tiles' }>;

/** Of a map that an agent holds open, all that its answers need. */
export type AskedMap = Pick<SourceMap, 'opened'> & { readonly agent: Pick<AgentClient, 'request'> };

/** Bits of PackedRunList.presence. */
const exists = 1;
const existed = 4;

/** `generation` is the one that the webview knows the map by. */
export async function readTiles({ agent, opened }: AskedMap, { generation, layer, level, tiles }: TilesRequest): Promise<MapEvent> {
    const answer = await agent.request('tiles', { map: opened.map, generation: opened.generation, layer, level, tiles });
    return { type: 'tiles', generation, layer, tiles: answer.tiles.map((tile) => unpackTile(level, tile)) };
}

export async function answerQuestion(source: Pick<MapSource, 'explain'>, { agent, opened }: AskedMap, about: MapQuestion): Promise<MapAnswer | null> {
    const { map, generation } = opened;
    switch (about.type) {
        case 'count': {
            const { layer, extent } = about;
            const { counts, run } = await agent.request('countPages', { map, generation, layer, extent });
            return { type: 'count', counts, row: run === null ? null : rowOf(run) };
        }
        case 'explain':
            return source.explain(about.gpa);
        case 'find': {
            const { layer, classes, gfn, direction } = about;
            return { type: 'find', extent: await agent.request('findRun', { map, generation, layer, classes, gfn, direction }) };
        }
        case 'list': {
            const { filter, order, descending, first, most } = about;
            const list = await agent.request('listRuns', { map, generation, filter, order, descending, first, most });
            const { total, totalPages } = list;
            // A Node Buffer would not reach the webview as bytes.
            const presence = new Uint8Array(list.presence);
            return { type: 'list', runs: unpackPageRuns(list.runs), before: unpackBefore(list), presence, total, totalPages };
        }
    }
}

/** Runs of a comparison as they were before. */
function unpackBefore({ runs, before }: PackedRunList): PageRuns | null {
    return before === null ? null : unpackPageRuns({ ...runs, ...before } satisfies PackedPageRuns);
}

function rowOf(list: PackedRunList): RunRow | null {
    const runs = unpackPageRuns(list.runs);
    const before = unpackBefore(list);
    const bits = list.presence[0] ?? 0;
    if (runs.count === 0) return null;
    return {
        run: before === null || (bits & exists) !== 0 ? pageRunAt(runs, 0) : null,
        doubleBacked: isDoubleBacked(runs.states[0] ?? 0),
        before: before !== null && (bits & existed) !== 0 ? pageRunAt(before, 0) : null,
    };
}

/** Copies into aligned columns; the other side is not trusted with their lengths, nor used before they are looked at. */
function unpackTile(level: number, { index, offsets, classes, pages }: PackedTile): MapTile {
    // Not bytes.slice(): that of a Node Buffer is a view of all the bytes around it.
    const aligned = (bytes: Uint8Array) => new Uint8Array(bytes).buffer;
    return {
        level,
        index,
        offsets: new Uint32Array(aligned(offsets)),
        classes: new Uint8Array(aligned(classes)),
        pages: new Float64Array(aligned(pages)),
    };
}
