/**
 * What the webview knows of the pages of an extent: at once what its tiles say of whole cells, and once the agent has
 * answered also the exact counts of any extent and the run that holds all of it.
 */
import type { RunRow } from '../../common/mapMessages';
import type { Extent } from '../../common/openedMap';
import { trimToOccupied, type MapModel } from './mapModel';
import type { Questions } from './questions';
import { tileCellOf, type TileCache } from './tileCache';

/** [class, pages] pairs in the order of the classes. */
export type ClassCounts = readonly (readonly [number, number])[];

export interface Known {
    /** Null while they are not known. */
    readonly counts: ClassCounts | null;
    /** The run that holds the whole extent; null where there is none, or it is not known yet. */
    readonly row: RunRow | null;
}

const nothing: Known = { counts: null, row: null };
const mostAnswers = 200;
/** Adding up more cells than this takes longer than asking. */
const mostCells = 2 ** 17;

export class KnownPages {
    private readonly answers = new Map<string, Promise<Known | null>>();
    private readonly answered = new Map<string, Known>();

    constructor(
        private readonly tiles: TileCache,
        private readonly questions: Questions,
        /** At which level the cells in sight are. */
        private readonly level: () => number,
    ) {}

    /** The map or its layer changed. */
    forget(): void {
        this.answers.clear();
        this.answered.clear();
    }

    now(model: MapModel, extent: Extent): Known {
        const answered = this.answered.get(keyOf(extent));
        if (answered !== undefined) return answered;
        const counts = this.countCells(model, extent);
        return counts === null ? nothing : { counts, row: null };
    }

    /** Everything; null when it could not be told. A question that was asked is not asked again. */
    async all(model: MapModel, extent: Extent): Promise<Known | null> {
        const key = keyOf(extent);
        const asked = this.answers.get(key) ?? this.ask(model, extent, key);
        if (this.answers.size >= mostAnswers) this.forget();
        this.answers.set(key, asked);
        return asked;
    }

    private async ask(model: MapModel, extent: Extent, key: string): Promise<Known | null> {
        const answer = await this.questions.ask({ type: 'count', layer: model.layer.id, extent });
        const isForgotten = !this.answers.has(key);
        if (answer === null) this.answers.delete(key);
        if (answer === null || isForgotten) return null;
        const known = { counts: answer.counts, row: answer.row };
        this.answered.set(key, known);
        return known;
    }

    /** Null when the extent is not made of cells whose tiles are here. */
    private countCells(model: MapModel, extent: Extent): ClassCounts | null {
        const level = this.level();
        const cellPages = 2 ** level;
        const first = Math.floor(extent.start / cellPages);
        const end = Math.ceil(extent.end / cellPages);
        if (end - first > mostCells) return null;
        const cells = { start: first * cellPages, end: end * cellPages };
        const occupied = trimToOccupied(model, cells);
        const isWhole = occupied === null || (extent.start <= occupied.start && extent.end >= occupied.end);
        if (!isWhole) return null;
        const counts = new Float64Array(model.layer.classes.length);
        for (let cell = first; cell < end; cell++) {
            const place = tileCellOf(level, cell * cellPages);
            const tile = this.tiles.find(model.layer.id, level, place.index);
            if (tile === null) return null;
            for (let entry = tile.offsets[place.cell] ?? 0; entry < (tile.offsets[place.cell + 1] ?? 0); entry++) {
                const mapClass = tile.classes[entry] ?? 0;
                counts[mapClass] = (counts[mapClass] ?? 0) + (tile.pages[entry] ?? 0);
            }
        }
        return [...counts.entries()].filter(([, pages]) => pages > 0);
    }
}

const keyOf = ({ start, end }: Extent): string => `${start} ${end}`;
