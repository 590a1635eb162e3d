/**
 * When the pages of a living map last changed: for a minute, by the time of the refresh that saw it. Beyond a bounded
 * number of extents the oldest are forgotten, as if they had not changed.
 */
import { recentChanges, type Extent, type RecentChange } from '../../common/openedMap';
import { PageRunsBuilder, type PageRuns } from '../../common/pageRuns';

interface Change extends Extent {
    /** Milliseconds, of the refresh that saw it. */
    readonly at: number;
    /** Which refresh that was. */
    readonly refresh: number;
}

const mostChanges = 65_536;
const tenSeconds = 10_000;
const minute = 60_000;

export class RecentChanges {
    private constructor(
        /** Sorted and disjoint. */
        private readonly changes: readonly Change[],
        private readonly at: number,
        private readonly refresh: number,
    ) {}

    static readonly none = new RecentChanges([], 0, 0);

    /** As of a refresh at `now`, which saw that `extents` have changed. */
    after(extents: readonly Extent[], now: number): RecentChanges {
        const refresh = this.refresh + 1;
        const earlier = this.changes.filter(({ at }) => now - at <= minute);
        const changes = [...cutOut(earlier, extents), ...extents.map((extent) => ({ ...extent, at: now, refresh }))];
        const oldestFirst = changes.sort((a, b) => a.refresh - b.refresh);
        return new RecentChanges(oldestFirst.slice(-mostChanges).sort((a, b) => a.start - b.start), now, refresh);
    }

    get isEmpty(): boolean {
        return this.changes.length === 0;
    }

    /** As runs whose state is the index of the RecentChange. With `refreshes`, their detail says which refresh saw it. */
    marks(refreshes: boolean): PageRuns {
        const builder = new PageRunsBuilder();
        for (const { start, end, at, refresh } of this.changes) {
            builder.append(start, end - start, -1, recentChanges.indexOf(this.ageOf(at)), refreshes ? refresh : 0);
        }
        return builder.build();
    }

    private ageOf(at: number): RecentChange {
        if (at === this.at) return 'last-refresh';
        return this.at - at <= tenSeconds ? 'ten-seconds' : 'minute';
    }
}

/** What is left of `changes` outside of `extents`; both are sorted and disjoint. */
function cutOut(changes: readonly Change[], extents: readonly Extent[]): Change[] {
    const left: Change[] = [];
    let next = 0;
    for (const change of changes) {
        let at = change.start;
        while ((extents[next]?.end ?? Infinity) <= at) next++;
        for (let i = next; at < change.end; i++) {
            const { start, end } = extents[i] ?? { start: Infinity, end: Infinity };
            if (start > at) left.push({ ...change, start: at, end: Math.min(start, change.end) });
            at = end;
        }
    }
    return left;
}
