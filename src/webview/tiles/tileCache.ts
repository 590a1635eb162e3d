/**
 * The tiles of the map that the webview has, and those it has asked for. When the map changes, tiles of what changed are
 * stale: they are still drawn until the new ones come, so that a refresh does not flicker, and are asked for again only
 * where they are in sight. While a tile is missing a stand-in is made from coarser or finer ones.
 */
import { tileCells, tilePages, type MapTile } from '../../common/mapTiles';
import type { Extent } from '../../common/openedMap';
import { overlaps } from './mapModel';
import { fromCoarser, fromFiner } from './standIn';

export interface TileRequest {
    readonly generation: number;
    readonly layer: string;
    readonly level: number;
    readonly tiles: readonly number[];
}

interface Kept {
    readonly tile: MapTile;
    readonly bytes: number;
    isStale: boolean;
}

/** What the tiles may take, in bytes. */
const mostBytes = 64 * 2 ** 20;
/** An agent answers in the order of the questions: few at a time, so that what comes into sight has not long to wait. */
const mostInFlight = 24;
const mostStandIns = 200;
/** How many levels coarser a stand-in may be, and how many finer. */
const coarserLevels = 12;
const finerLevels = 2;

const keyOf = (layer: string, level: number, index: number): string => `${layer} ${level} ${index}`;
const bytesOf = ({ offsets, classes, pages }: MapTile): number => offsets.byteLength + classes.byteLength + pages.byteLength;

export class TileCache {
    private generation = -1;
    /** The one that was used last is last. */
    private readonly tiles = new Map<string, Kept>();
    /** Made for what is missing, or null where nothing is known; they last until the tile itself comes. */
    private readonly standIns = new Map<string, MapTile | null>();
    private readonly inFlight = new Set<string>();
    private bytes = 0;

    constructor(private readonly ask: (request: TileRequest) => void) {}

    /** `changed` tells what differs from the generation before; null = all of it, or another map. */
    setGeneration(generation: number, changed: readonly Extent[] | null, isSameMap: boolean): void {
        this.generation = generation;
        this.inFlight.clear();
        this.standIns.clear();
        if (!isSameMap) {
            this.tiles.clear();
            this.bytes = 0;
            return;
        }
        for (const kept of this.tiles.values()) {
            const { level, index } = kept.tile;
            const start = index * tilePages(level);
            if (changed === null || overlaps(changed, { start, end: start + tilePages(level) })) kept.isStale = true;
        }
    }

    /** Whether something was asked for and is not here yet. */
    get isWaiting(): boolean {
        return this.inFlight.size > 0;
    }

    /** What was asked for and not answered may be asked for again. */
    forgetRequests(): void {
        this.inFlight.clear();
    }

    receive(generation: number, layer: string, tiles: readonly MapTile[]): void {
        if (generation !== this.generation) return;
        for (const [key, standIn] of this.standIns) if (standIn === null) this.standIns.delete(key);
        for (const tile of tiles) {
            const key = keyOf(layer, tile.level, tile.index);
            this.standIns.delete(key);
            this.inFlight.delete(key);
            this.remove(key);
            const bytes = bytesOf(tile);
            this.tiles.set(key, { tile, bytes, isStale: false });
            this.bytes += bytes;
        }
        for (const [key, kept] of this.tiles) {
            if (this.bytes <= mostBytes) break;
            this.bytes -= kept.bytes;
            this.tiles.delete(key);
        }
    }

    /** The tile as it is in this generation; null while it is not here. */
    find(layer: string, level: number, index: number): MapTile | null {
        const kept = this.tiles.get(keyOf(layer, level, index));
        return kept === undefined || kept.isStale ? null : kept.tile;
    }

    /** What to draw for a tile: itself, its former state, or a stand-in; null where nothing is known. */
    shown(layer: string, level: number, index: number): MapTile | null {
        const key = keyOf(layer, level, index);
        const kept = this.tiles.get(key);
        if (kept !== undefined) {
            this.tiles.delete(key);
            this.tiles.set(key, kept);
            return kept.tile;
        }
        let standIn = this.standIns.get(key);
        if (standIn === undefined) {
            standIn = this.makeStandIn(layer, level, index);
            if (this.standIns.size >= mostStandIns) this.standIns.clear();
            this.standIns.set(key, standIn);
        }
        return standIn;
    }

    /** Asks for those of the tiles that are not here, the first ones first. To be called again when tiles came. */
    request(layer: string, level: number, wanted: Iterable<number>): void {
        const tiles: number[] = [];
        for (const index of wanted) {
            if (this.inFlight.size >= mostInFlight) break;
            const key = keyOf(layer, level, index);
            if (this.inFlight.has(key) || this.tiles.get(key)?.isStale === false) continue;
            this.inFlight.add(key);
            tiles.push(index);
        }
        if (tiles.length > 0) this.ask({ generation: this.generation, layer, level, tiles });
    }

    private makeStandIn(layer: string, level: number, index: number): MapTile | null {
        for (let up = 1; up <= coarserLevels; up++) {
            const tile = this.tiles.get(keyOf(layer, level + up, Math.floor(index / 2 ** up)))?.tile;
            if (tile !== undefined) return fromCoarser(tile, level, index);
        }
        for (let down = 1; down <= Math.min(level, finerLevels); down++) {
            const parts = Array.from({ length: 2 ** down }, (_, i) => this.tiles.get(keyOf(layer, level - down, index * 2 ** down + i))?.tile);
            const here = parts.filter((tile) => tile !== undefined);
            if (here.length > 0) return fromFiner(here, level, index);
        }
        return null;
    }

    private remove(key: string): void {
        this.bytes -= this.tiles.get(key)?.bytes ?? 0;
        this.tiles.delete(key);
    }
}

/** Index of the tile and of the cell in it that holds `gfn`. */
export function tileCellOf(level: number, gfn: number): { index: number; cell: number } {
    const cell = Math.floor(gfn / 2 ** level);
    return { index: Math.floor(cell / tileCells), cell: cell % tileCells };
}
