/** The maps that a client of the agent holds open, by number. They end with the connection, and so with the agent. */
import { randomInt } from 'node:crypto';
import type { PageRunIndex } from '../../../native/index';
import { errors } from '../../common/errors';
import type { MapHandle, MapRefresh, OpenedMap } from '../../common/openedMap';
import type { Pace } from '../pace';
import type { IndexedMap } from './indexedMap';
import type { MapSource, RequireRoom } from './mapSource';

const mostMaps = 32;
/** 22 bytes a run; a terabyte in which every other page differs has six gigabytes of runs. */
const mostBytes = 2 ** 33;

interface Entry {
    readonly source: MapSource;
    /** The end of the last refresh: they go one after the other. */
    refreshed: Promise<unknown>;
}

export class OpenMaps {
    private readonly entries = new Map<MapHandle, Entry>();
    /** At random, so that a number which is left from an agent that ended is no map of the next one. */
    private lastHandle = randomInt(2 ** 40);

    /** Closed again by `close`. */
    add(source: MapSource): OpenedMap {
        if (this.entries.size >= mostMaps) throw errors.tooManyMaps(`${mostMaps} maps are open, which is the most`);
        for (const index of source.indexes) this.requireRoom(index);
        const handle = ++this.lastHandle;
        this.entries.set(handle, { source, refreshed: Promise.resolve() });
        return describe(handle, source);
    }

    get(handle: MapHandle): MapSource {
        return this.entryOf(handle).source;
    }

    /** The map's present state; throws `map-changed` when that is another generation. */
    at(handle: MapHandle, generation: number): IndexedMap {
        const { current } = this.get(handle);
        if (current.generation !== generation) throw errors.mapChanged(generation, current.generation);
        return current;
    }

    /** Tells all that changed since `known`, the generation that the client has. */
    refresh(handle: MapHandle, known: number, pace: Pace): Promise<MapRefresh> {
        return this.change(handle, known, (source, requireRoom) => source.refresh(pace, requireRoom));
    }

    /** As `refresh`, in another way than that: `change` does to the source what its refresh would do. */
    async change(
        handle: MapHandle,
        known: number,
        change: (source: MapSource, requireRoom: RequireRoom) => ReturnType<MapSource['refresh']>,
    ): Promise<MapRefresh> {
        const entry = this.entryOf(handle);
        const { source } = entry;
        const refresh = async () => {
            const { generation } = source.current;
            const extents = await change(source, (index) => this.requireRoom(index));
            return generation === known ? extents : null;
        };
        const refreshing = entry.refreshed.then(refresh, refresh);
        entry.refreshed = refreshing;
        const extents = await refreshing;
        if (source.current.generation === known) return { changed: false, takenAt: source.current.takenAt };
        return { changed: true, opened: describe(handle, source), extents };
    }

    close(handle: MapHandle): void {
        this.entryOf(handle);
        this.entries.delete(handle);
    }

    private entryOf(handle: MapHandle): Entry {
        const entry = this.entries.get(handle);
        if (entry === undefined) throw errors.noSuchMap(handle);
        return entry;
    }

    /** Several maps may share an index. */
    private requireRoom(index: PageRunIndex): void {
        const held = new Set([...this.entries.values()].flatMap(({ source }) => source.indexes).concat(index));
        const bytes = [...held].reduce((sum, each) => sum + each.bytes, 0);
        if (bytes > mostBytes) throw errors.tooManyMaps(`the open maps would take ${bytes} bytes of memory, and ${mostBytes} is the most`);
    }
}

function describe(handle: MapHandle, { origin, made, current }: MapSource): OpenedMap {
    const { index, byAge, kinds, ...told } = current;
    return { map: handle, origin, made, runs: index.count, ...told, kinds: byAge?.kinds.filter(({ exists }) => exists) ?? kinds };
}
