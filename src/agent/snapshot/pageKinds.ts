/**
 * The kinds of pages in a .gmem file: what the two words of pageState.ts say, in words, so that a file outlives a change
 * of the bits. Runs name their kind by its number.
 */
import { largerPageObstacles } from '../../common/model';
import {
    copies,
    describePage,
    encodePageDetail,
    encodePageState,
    gmemStates,
    hvaStates,
    largestNode,
    mappingLevels,
    pageSizes,
    scopes,
    type PageDetail,
    type PageParts,
    type PageState,
} from '../../common/pageState';
import { mostKinds } from './layout';
import { flag, listOf, oneOf, orNull, record, text, whole, type Check } from './shape';

const checkKind: Check<PageParts> = record({
    attribute: oneOf(['private', 'shared']),
    scope: oneOf(scopes),
    hva: oneOf(hvaStates),
    hvaMapped: flag,
    hvaPageSize: oneOf(pageSizes),
    gmem: oneOf(gmemStates),
    samePage: flag,
    guestMapping: orNull(record({ level: oneOf(mappingLevels.filter((level) => level !== null)), writable: flag })),
    dirty: orNull(flag),
    rights: orNull(text(3, /^[r-][w-][x-]$/)),
    gmemNode: orNull(whole(0, largestNode)),
    executable: flag,
    accessed: orNull(flag),
    guestDirty: orNull(flag),
    whyNotLarger: orNull(listOf(largerPageObstacles.length, oneOf(largerPageObstacles))),
    guestUses: oneOf(copies),
});
const checkKinds = listOf(mostKinds, checkKind);

/** The kinds that were read, by their numbers. */
export class KindTable {
    count = 0;
    readonly states = new Uint32Array(mostKinds);
    readonly details = new Uint32Array(mostKinds);

    /** `json` is what a KIND chunk holds. */
    add(json: unknown): void {
        const facts = checkKinds(json, 'kinds');
        if (this.count + facts.length > mostKinds) throw new RangeError(`there are more than ${mostKinds} kinds of pages`);
        for (const kind of facts) {
            this.states[this.count] = encodePageState(kind);
            this.details[this.count] = encodePageDetail(kind);
            this.count++;
        }
    }
}

/** Numbers the kinds in the order in which they first appear: an open-addressed table, since every run asks it. */
export class KindNumbers {
    count = 0;
    private told = 0;
    private states = new Uint32Array(256);
    private details = new Uint32Array(256);
    /** Number plus one of the kind in each place, 0 where none is. */
    private places = new Uint32Array(1024);

    numberOf(state: PageState, detail: PageDetail): number {
        const mask = this.places.length - 1;
        let place = (Math.imul(state, 0x9e3779b1) ^ Math.imul(detail, 0x85ebca6b)) >>> 0;
        for (place = (place ^ (place >>> 15)) & mask; ; place = (place + 1) & mask) {
            const number = (this.places[place] ?? 0) - 1;
            if (number < 0) return this.add(state, detail, place);
            if (this.states[number] === state && this.details[number] === detail) return number;
        }
    }

    /** The kinds that were added since the last time. */
    takeNew(): PageParts[] {
        const facts: PageParts[] = [];
        for (; this.told < this.count; this.told++) {
            facts.push(describePage(this.states[this.told] ?? 0, this.details[this.told] ?? 0));
        }
        return facts;
    }

    private add(state: PageState, detail: PageDetail, place: number): number {
        if (this.count === this.states.length) this.grow();
        this.states[this.count] = state;
        this.details[this.count] = detail;
        this.count++;
        if (this.count * 2 > this.places.length) this.spread();
        else this.places[place] = this.count;
        return this.count - 1;
    }

    private grow(): void {
        const grown = (from: Uint32Array) => {
            const to = new Uint32Array(from.length * 2);
            to.set(from);
            return to;
        };
        this.states = grown(this.states);
        this.details = grown(this.details);
    }

    /** Into a table twice as large. */
    private spread(): void {
        const { count } = this;
        this.places = new Uint32Array(this.places.length * 2);
        this.count = 0;
        for (let number = 0; number < count; number++) this.numberOf(this.states[number] ?? 0, this.details[number] ?? 0);
    }
}
