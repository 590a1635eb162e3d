/** The last ranges that something happened to, and when; at most 64 of them, the oldest forgotten. */
const room = 64;

export class RecentRanges {
    private readonly firsts = new Float64Array(room);
    private readonly ends = new Float64Array(room);
    private readonly times = new Float64Array(room).fill(-Infinity);
    private next = 0;

    /** In the order of time. */
    add(first: number, end: number, time: number): void {
        this.firsts[this.next] = first;
        this.ends[this.next] = end;
        this.times[this.next] = time;
        this.next = (this.next + 1) % room;
    }

    /** One of them, not before `since`, holds all of [first, end). */
    cover(first: number, end: number, since: number): boolean {
        return this.some(since, (at) => (this.firsts[at] ?? 0) <= first && (this.ends[at] ?? 0) >= end);
    }

    /** One of them, not before `since`, holds a part of [first, end). */
    touch(first: number, end: number, since: number): boolean {
        return this.some(since, (at) => (this.firsts[at] ?? 0) < end && (this.ends[at] ?? 0) > first);
    }

    /** From the last one back. */
    private some(since: number, is: (at: number) => boolean): boolean {
        for (let back = 1; back <= room; back++) {
            const at = (this.next + room - back) % room;
            if ((this.times[at] ?? 0) < since) return false;
            if (is(at)) return true;
        }
        return false;
    }
}
