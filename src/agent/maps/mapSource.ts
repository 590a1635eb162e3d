/** Where an open map comes from, and what a refresh does to it. */
import type { Extent, MapOrigin, SnapshotOrigin } from '../../common/openedMap';
import type { PageRunIndex } from '../../../native/index';
import type { Pace } from '../pace';
import type { IndexedMap } from './indexedMap';

/** Throws when there is no room for a further index. */
export type RequireRoom = (index: PageRunIndex) => void;

export interface MapSource {
    readonly origin: MapOrigin;
    readonly made: SnapshotOrigin | null;
    readonly current: IndexedMap;
    /** All that are held for it. */
    readonly indexes: readonly PageRunIndex[];
    /** Looks again. Says where the new `current` differs; null when nothing has changed, and `current` is the same generation. */
    refresh(pace: Pace, requireRoom: RequireRoom): Promise<readonly Extent[] | null>;
}

/** A map that stays as it is: kept from a living one, or read from a file. */
export class FixedMap implements MapSource {
    constructor(
        readonly origin: MapOrigin,
        readonly current: IndexedMap,
        readonly made: SnapshotOrigin | null = null,
    ) {}

    get indexes(): readonly PageRunIndex[] {
        return [this.current.index];
    }

    refresh(): Promise<null> {
        return Promise.resolve(null);
    }
}
