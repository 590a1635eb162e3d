/** Every combination of what can be said about a page, for tests that leave none out. */
import { largerPageObstacles, type PageSizeName } from '../../src/common/model';
import { gmemStates, hvaStates, scopes, type PageDetailParts, type PageStateParts } from '../../src/common/pageState';

const pageSizes: (PageSizeName | null)[] = [null, '4K', '2M', '1G'];
const mappings: Exclude<PageStateParts['guestMapping'], undefined>[] = [
    null,
    { level: 'none', writable: false },
    ...(['4K', '2M', '1G'] as const).flatMap((level) => [true, false].map((writable) => ({ level, writable }))),
];
const answers = [null, false, true];

/** Every combination of parts that a page can have. */
export function* everyState(): Generator<PageStateParts> {
    for (const attribute of ['private', 'shared'] as const)
        for (const scope of scopes)
            for (const hva of hvaStates)
                for (const hvaMapped of hva === 'present' ? [true, false] : [false])
                    for (const hvaPageSize of hva === 'present' ? pageSizes : [null])
                        for (const gmem of gmemStates)
                            for (const samePage of [true, false])
                                for (const guestMapping of mappings)
                                    for (const dirty of answers)
                                        yield { attribute, scope, hva, hvaMapped, hvaPageSize, gmem, samePage, guestMapping, dirty };
}

/** Each right, each answer, each copy with each other; of the obstacles each set, and of the nodes the edges of what fits. */
export function* everyDetail(): Generator<Required<PageDetailParts>> {
    for (const rights of [null, '---', 'r--', '-w-', '--x', 'rw-', 'r-x', '-wx', 'rwx'])
        for (const gmemNode of [null, 0, 1, 1022])
            for (const executable of [true, false])
                for (const accessed of answers)
                    for (const guestDirty of answers)
                        for (const guestUses of ['none', 'hva', 'guest_memfd'] as const)
                            for (const whyNotLarger of everySetOfObstacles())
                                yield { rights, gmemNode, executable, accessed, guestDirty, guestUses, whyNotLarger };
}

function everySetOfObstacles() {
    const sets = Array.from({ length: 1 << largerPageObstacles.length }, (_, bits) =>
        largerPageObstacles.filter((_obstacle, index) => (bits & (1 << index)) !== 0),
    );
    return [null, ...sets];
}
