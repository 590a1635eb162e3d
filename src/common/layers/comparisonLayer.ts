/** The layer "Difference": what became of a page between the two maps of a comparison. */
import { makeLayer, marked, plain } from '../mapLayer';
import type { PageKind } from '../openedMap';
import {
    gmemStateOf,
    guestMappingOf,
    hvaBackingOf,
    hvaStateOf,
    isPrivate,
    type PageDetail,
    type PageState,
} from '../pageState';

interface Words {
    readonly state: PageState;
    readonly detail: PageDetail;
}

export const comparisonLayer = makeLayer(
    { id: 'comparison', name: 'Difference', onlyFor: 'comparison' },
    {
        'to private': plain('Became private', 'private', 'The page was shared and is private now.'),
        'to shared': plain('Became shared', 'shared', 'The page was private and is shared now.'),
        gone: marked('Memory gone', 'lost', 'cross', 'ink', 'A memslot had it, and none has it any more.'),
        new: marked('New memory', 'gained', 'stripes', 'ink', 'No memslot had it, and one has it now.'),
        freed: marked('Freed', 'lost', 'bar', 'ink', 'The HVA or the guest_memfd had a physical page that is gone.'),
        allocated: plain('Allocated', 'gained', 'A physical page appeared at the HVA or in the guest_memfd.'),
        mapping: plain('Mapping changed', 'changed', 'The guest or the VMM maps the page in another way, or no longer.'),
        other: marked('Other change', 'changed', 'dot', 'ink', 'Something else differs: dirty, prepared, the NUMA node, or a page moved between the sides.'),
        unchanged: plain('Unchanged', 'quiet', 'Nothing about it differs.'),
    },
    (kind: PageKind) => {
        const { before } = kind;
        if (before === undefined) return 'unchanged';
        const after = kind.exists === false ? null : kind;
        const [wasMemory, isMemory] = [before?.inMemslot === true, after?.inMemslot === true];
        if (wasMemory !== isMemory) return isMemory ? 'new' : 'gone';
        // Without memslot there is a run where the attribute is set, and none where it is not.
        const [wasPrivate, isNowPrivate] = [before, after].map((words) => words !== null && isPrivate(words.state));
        if (wasPrivate !== isNowPrivate) return isNowPrivate === true ? 'to private' : 'to shared';
        if (before === null || after === null || (before.state === after.state && before.detail === after.detail)) return 'unchanged';
        return differenceOf(before, after);
    },
);

function differenceOf(before: Words, after: Words): 'freed' | 'allocated' | 'mapping' | 'other' {
    const sides = [changeOf(hasHvaPage(before), hasHvaPage(after)), changeOf(hasGuestMemfdPage(before), hasGuestMemfdPage(after))];
    const [gains, losses] = [sides.includes('gained'), sides.includes('lost')];
    if (gains !== losses) return gains ? 'allocated' : 'freed';
    return gains || mappingOf(before) === mappingOf(after) ? 'other' : 'mapping';
}

/** Null = not known. */
function hasHvaPage({ state }: Words): boolean | null {
    const hva = hvaStateOf(state);
    return hva === null ? null : hva === 'present';
}

function hasGuestMemfdPage({ state }: Words): boolean | null {
    const gmem = gmemStateOf(state);
    return gmem === null ? null : gmem === 'allocated' || gmem === 'prepared';
}

function changeOf(before: boolean | null, after: boolean | null): 'gained' | 'lost' | 'none' {
    if (before === null || after === null || before === after) return 'none';
    return after ? 'gained' : 'lost';
}

/** All about the mappings of guest and VMM, as a word to compare. */
function mappingOf({ state, detail }: Words): string {
    const guest = guestMappingOf(state, detail);
    const executable = guest !== null && guest.level !== 'none' && guest.executable;
    return JSON.stringify([guest?.level, guest?.writable, executable, hvaBackingOf(state, detail)]);
}
