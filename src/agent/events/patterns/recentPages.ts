/**
 * What is remembered of the pages that were looked up last: two generations of at most `room` entries. When the younger
 * one is full, it takes the place of the older one, which is forgotten. So memory is bounded, and no entry is ever sought.
 */
export class RecentPages<Entry> {
    private young = new Map<number, Entry>();
    private old = new Map<number, Entry>();

    constructor(private readonly room: number) {}

    /** At most; a page may be in both generations. */
    get size(): number {
        return this.young.size + this.old.size;
    }

    get(page: number): Entry | undefined {
        const entry = this.young.get(page);
        if (entry !== undefined) return entry;
        const older = this.old.get(page);
        if (older !== undefined) this.set(page, older);
        return older;
    }

    set(page: number, entry: Entry): void {
        if (this.young.size >= this.room) {
            this.old = this.young;
            this.young = new Map();
        }
        this.young.set(page, entry);
    }

    /** Forgets [first, end). */
    forget(first: number, end: number): void {
        if (this.size === 0) return;
        for (const entries of [this.young, this.old]) {
            if (end - first <= entries.size) {
                for (let page = first; page < end; page++) entries.delete(page);
            } else {
                for (const page of entries.keys()) if (page >= first && page < end) entries.delete(page);
            }
        }
    }

    clear(): void {
        this.young.clear();
        this.old.clear();
    }
}
