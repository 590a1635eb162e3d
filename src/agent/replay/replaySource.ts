/** A map of a recording at one of its times, which can be moved to another one. */
import { isDeepStrictEqual } from 'node:util';
import type { PageRunIndex } from '../../../native/index';
import type { Extent } from '../../common/openedMap';
import { indexedMap, indexRuns, mostExtents, toExtents, type IndexedMap, type MapFacts } from '../maps/indexedMap';
import type { MapSource, RequireRoom } from '../maps/mapSource';
import type { Pace } from '../pace';
import type { Replay } from './replay';
import type { Moment } from './replayHistory';

export class ReplaySource implements MapSource {
    readonly origin = 'replay';
    readonly made = null;

    private constructor(
        private readonly replay: Replay,
        private readonly addressSpace: number,
        /** Null while it is moved, and after that failed. */
        private moment: Moment | null,
        public current: IndexedMap,
    ) {}

    static async open(replay: Replay, addressSpace: number, time: number, pace: Pace): Promise<ReplaySource> {
        replay.checkAddressSpace(addressSpace);
        const moment = await replay.at(time, pace);
        const { runs, facts } = replay.mapAt(moment, addressSpace);
        return new ReplaySource(replay, addressSpace, moment, await indexedMap(facts, indexRuns(runs), 1));
    }

    get indexes(): readonly PageRunIndex[] {
        return [this.current.index];
    }

    /** It stays as it is until it is moved. */
    refresh(): Promise<null> {
        return Promise.resolve(null);
    }

    /** As refresh, to another time. */
    async moveTo(time: number, pace: Pace, requireRoom: RequireRoom): Promise<readonly Extent[] | null> {
        pace.throwIfCancelled();
        const { moment: near, current } = this;
        this.moment = null;
        const moment = await this.replay.at(time, pace, near);
        const { runs, facts } = this.replay.mapAt(moment, this.addressSpace);
        const index = indexRuns(runs);
        requireRoom(index);
        const extents = toExtents(await current.index.differences(index, mostExtents));
        const isSame = extents.length === 0 && tellTheSame(current, facts);
        this.current = isSame ? { ...current, takenAt: facts.takenAt } : await indexedMap(facts, index, current.generation + 1);
        this.moment = moment;
        return isSame ? null : extents;
    }
}

const tellTheSame = (current: MapFacts, { details, consistent, unknown }: MapFacts): boolean =>
    consistent === current.consistent && isDeepStrictEqual(unknown, current.unknown) && isDeepStrictEqual(details, current.details);
