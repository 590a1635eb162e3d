/** What became of a page between two maps, in words. */
import {
    dirtyOf,
    gmemStateOf,
    guestCopyOf,
    guestMappingOf,
    hvaBackingOf,
    hvaStateOf,
    gmemBackingOf,
    isPrivate,
    scopeOf,
    whyNotLargerOf,
    type PageDetail,
    type PageState,
} from '../../common/pageState';

/** The words for what a map is looked at for; the rest are the names of the facts that differ in another way. */
export const mainChanges = [
    'to-private',
    'to-shared',
    'memslot-added',
    'memslot-removed',
    'memslot-replaced',
    'hva-allocated',
    'hva-freed',
    'hva-swapped-out',
    'hva-swapped-in',
    'gmem-allocated',
    'gmem-freed',
] as const;
const otherChanges = ['scope', 'hvaBacking', 'gmemBacking', 'guestMapping', 'dirty', 'whyNotLarger', 'guestUses'] as const;
export const pageChanges = [...mainChanges, ...otherChanges] as const;
export type PageChange = (typeof pageChanges)[number];

/** Of the pages of one run; memslot -1 = none. */
export interface PageFacts {
    readonly state: PageState;
    readonly detail: PageDetail;
    readonly memslot: number;
}

/** Where no run is, no memslot is and the page is shared. What is not known on one side is no change. */
export function changesOf(before: PageFacts | null, after: PageFacts | null): PageChange[] {
    const changes: PageChange[] = [];
    const [wasPrivate, isNowPrivate] = [before, after].map((facts) => facts !== null && isPrivate(facts.state));
    if (wasPrivate !== isNowPrivate) changes.push(isNowPrivate === true ? 'to-private' : 'to-shared');
    const [wasIn, isIn] = [before?.memslot ?? -1, after?.memslot ?? -1];
    if (wasIn < 0 && isIn >= 0) changes.push('memslot-added');
    if (wasIn >= 0 && isIn < 0) changes.push('memslot-removed');
    if (before === null || after === null || wasIn < 0 || isIn < 0) return changes;
    if (wasIn !== isIn) changes.push('memslot-replaced');
    return [...changes, ...hvaChanges(before, after), ...gmemChanges(before, after), ...otherChanges.filter((field) => differs(field, before, after))];
}

function hvaChanges({ state: before }: PageFacts, { state: after }: PageFacts): PageChange[] {
    const [was, is] = [hvaStateOf(before), hvaStateOf(after)];
    if (was === null || is === null || was === is) return [];
    if (is === 'swapped') return [was === 'present' ? 'hva-swapped-out' : 'hva-allocated'];
    if (was === 'swapped') return [is === 'present' ? 'hva-swapped-in' : 'hva-freed'];
    return was === 'present' ? ['hva-freed'] : is === 'present' ? ['hva-allocated'] : [];
}

function gmemChanges({ state: before }: PageFacts, { state: after }: PageFacts): PageChange[] {
    const [was, is] = [before, after].map((state) => {
        const gmem = gmemStateOf(state);
        return gmem === null ? null : gmem === 'allocated' || gmem === 'prepared';
    });
    if (was === null || is === null || was === is) return [];
    return [is === true ? 'gmem-allocated' : 'gmem-freed'];
}

function differs(field: (typeof otherChanges)[number], before: PageFacts, after: PageFacts): boolean {
    const [was, is] = [before, after].map((facts) => factOf(field, facts));
    return was !== null && is !== null && JSON.stringify(was) !== JSON.stringify(is);
}

/** Null = not known. */
function factOf(field: (typeof otherChanges)[number], { state, detail }: PageFacts): unknown {
    switch (field) {
        case 'scope':
            return scopeOf(state);
        case 'hvaBacking':
            return hvaStateOf(state) === null ? null : hvaBackingOf(state, detail);
        case 'gmemBacking':
            return gmemStateOf(state) === null ? null : gmemBackingOf(state, detail);
        case 'guestMapping':
            return guestMappingOf(state, detail);
        case 'dirty':
            return dirtyOf(state);
        case 'whyNotLarger':
            return whyNotLargerOf(detail);
        case 'guestUses':
            return guestCopyOf(detail);
    }
}
