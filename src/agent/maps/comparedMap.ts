/** Two maps, run by run. Made anew when the later one has been refreshed. */
import type { PageRunIndex } from '../../../native/index';
import type { Extent } from '../../common/openedMap';
import { native } from '../native';
import type { Pace } from '../pace';
import { UnknownFields } from '../unknownFields';
import { indexedMap, mostExtents, toExtents, type IndexedMap } from './indexedMap';
import type { MapSource, RequireRoom } from './mapSource';

export class ComparedMap implements MapSource {
    readonly origin = 'comparison';
    readonly made = null;

    private constructor(
        private readonly before: IndexedMap,
        private readonly after: MapSource,
        private compared: IndexedMap,
        public current: IndexedMap,
    ) {}

    static async open(before: MapSource, after: MapSource): Promise<ComparedMap> {
        const compared = after.current;
        return new ComparedMap(before.current, after, compared, await compare(before.current, compared, 1));
    }

    get indexes(): readonly PageRunIndex[] {
        return [this.before.index, this.after.current.index, this.current.index];
    }

    async refresh(_pace: Pace, requireRoom: RequireRoom): Promise<readonly Extent[] | null> {
        const { before, current } = this;
        const compared = this.after.current;
        if (compared.index === this.compared.index) return null;
        const next = await compare(before, compared, current.generation + 1);
        requireRoom(next.index);
        this.compared = compared;
        this.current = next;
        return toExtents(await current.index.differences(next.index, mostExtents));
    }
}

/** It tells the facts of the later map. */
async function compare(before: IndexedMap, after: IndexedMap, generation: number): Promise<IndexedMap> {
    const index = await native().PageRunIndex.compare(before.index, after.index);
    const unknown = new UnknownFields();
    for (const { field, reason } of [...after.unknown, ...before.unknown]) unknown.add(field, reason);
    const facts = { ...after, consistent: before.consistent && after.consistent, unknown: unknown.list() };
    return indexedMap(facts, index, generation, { comparedWith: before.takenAt });
}
