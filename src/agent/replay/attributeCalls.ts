/**
 * After which calls it cannot be told what KVM made of the attributes: those for the same pages at the same time, to
 * different values, of which the later one is not known (a call's time is that of its return, and KVM's tracepoint lies
 * before the lock that decides); and those that failed after KVM had told the change.
 */

export interface AttributeCall {
    readonly thread: number;
    /** Microseconds since 1970. */
    readonly begin: number;
    readonly end: number;
    /** Pages [first, last) */
    readonly first: number;
    readonly last: number;
    readonly isPrivate: boolean;
    readonly failed: boolean;
}

type Pages = readonly [first: number, last: number];

/** So many of those that ended last: more are hardly under way at once. */
const mostCalls = 256;

export class AttributeCalls {
    constructor(
        /** By their ends. */
        private readonly ended: AttributeCall[] = [],
        /** When KVM told a change, by the thread whose call is not told to have ended yet. */
        private readonly changes = new Map<number, number>(),
    ) {}

    copy(): AttributeCalls {
        return new AttributeCalls([...this.ended], new Map(this.changes));
    }

    change(thread: number, time: number): void {
        this.changes.set(thread, time);
    }

    /** Calls come in the order of their ends. Returns what of the call's range cannot be told from now on. */
    end(call: AttributeCall): Pages[] {
        const whole: Pages = [call.first, call.last];
        const changed = this.changes.get(call.thread);
        this.changes.delete(call.thread);
        if (call.failed) return changed !== undefined && changed >= call.begin ? [whole] : [];
        const disputed: Pages[] = [];
        let i = this.ended.length - 1;
        for (; i >= 0; i--) {
            const other = this.ended[i];
            if (other === undefined || other.end <= call.begin) break;
            const first = Math.max(call.first, other.first);
            const last = Math.min(call.last, other.last);
            if (first < last && other.isPrivate !== call.isPrivate) disputed.push([first, last]);
        }
        this.ended.push(call);
        if (this.ended.length <= mostCalls) return disputed;
        this.ended.shift();
        // It overlaps all that are remembered, and maybe some that are not.
        return i < 0 ? [whole] : disputed;
    }
}
