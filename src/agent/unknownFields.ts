import type { Unknown } from '../common/model';

/** Collects what could not be told, each field and reason once, in the order of their appearance. */
export class UnknownFields {
    private readonly entries = new Map<string, Unknown>();

    constructor(known: readonly Unknown[] = []) {
        for (const { field, reason } of known) this.add(field, reason);
    }

    add(field: string, reason: string): void {
        this.entries.set(`${field}\0${reason}`, { field, reason });
    }

    list(): Unknown[] {
        return [...this.entries.values()];
    }
}

/** "1, 2, 3, … (40 in all)": names enough of them to go on from. */
export function enumerate(ids: readonly number[]): string {
    const named = ids.slice(0, 8).join(', ');
    return ids.length > 8 ? `${named}, … (${ids.length} in all)` : named;
}
