/** The index's table of kinds in the model's words. */
import type { KindColumns } from '../../../native/index';
import type { CountedKind } from '../../common/openedMap';

/** Bits of KindColumns.presence. */
const exists = 1;
const inMemslot = 2;
const existed = 4;
const wasInMemslot = 8;

export function countedKinds(columns: KindColumns, isComparison: boolean): CountedKind[] {
    const { states, details, beforeStates, beforeDetails, presence, pages } = columns;
    return Array.from({ length: columns.count }, (_, i) => {
        const bits = presence[i] ?? 0;
        const kind = {
            state: states[i] ?? 0,
            detail: details[i] ?? 0,
            inMemslot: (bits & inMemslot) !== 0,
            pages: pages[i] ?? 0,
        };
        if (!isComparison) return kind;
        const before = {
            state: beforeStates[i] ?? 0,
            detail: beforeDetails[i] ?? 0,
            inMemslot: (bits & wasInMemslot) !== 0,
        };
        return { ...kind, exists: (bits & exists) !== 0, before: (bits & existed) === 0 ? null : before };
    });
}
