/** When events of a recording found no room: so many stretches of time at most, however often it happens. */
import type { EventLoss } from '../../common/eventMethods';

const mostLosses = 200;

export class LossList {
    private readonly losses: EventLoss[] = [];

    /** By time. */
    get list(): readonly EventLoss[] {
        return this.losses;
    }

    /** Later than all others; it goes on with the last one where it begins before the end of that. */
    add(loss: EventLoss): void {
        const last = this.losses.at(-1);
        this.losses.push(loss);
        if (last !== undefined && loss.from <= last.to) this.joinNext(this.losses.length - 2);
        if (this.losses.length > mostLosses) this.joinNext(this.nearest());
    }

    private joinNext(index: number): void {
        const [one, next] = this.losses.slice(index, index + 2);
        if (one === undefined || next === undefined) return;
        this.losses.splice(index, 2, { from: one.from, to: next.to, events: one.events + next.events });
    }

    /** The one with the least time to the next. */
    private nearest(): number {
        const gaps = this.losses.slice(1).map(({ from }, i) => from - (this.losses[i]?.to ?? 0));
        return gaps.indexOf(gaps.reduce((least, gap) => Math.min(least, gap)));
    }
}
