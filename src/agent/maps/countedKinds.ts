/** The index's table of kinds in the model's words. */
import type { KindColumns } from '../../../native/index';
import { recentChanges, type CountedKind } from '../../common/openedMap';

/** Bits of KindColumns.presence. */
const existsBit = 1;
const inMemslotBit = 2;
const existedBit = 4;
const wasInMemslotBit = 8;

interface KindRow {
    readonly kind: CountedKind;
    readonly exists: boolean;
    readonly before: { readonly state: number; readonly detail: number; readonly inMemslot: boolean } | null;
}

function rowsOf({ count, states, details, beforeStates, beforeDetails, presence, pages }: KindColumns): KindRow[] {
    return Array.from({ length: count }, (_, i) => {
        const bits = presence[i] ?? 0;
        const inMemslot = (bits & inMemslotBit) !== 0;
        const before = { state: beforeStates[i] ?? 0, detail: beforeDetails[i] ?? 0, inMemslot: (bits & wasInMemslotBit) !== 0 };
        return {
            kind: { state: states[i] ?? 0, detail: details[i] ?? 0, inMemslot, pages: pages[i] ?? 0 },
            exists: (bits & existsBit) !== 0,
            before: (bits & existedBit) === 0 ? null : before,
        };
    });
}

export const plainKinds = (columns: KindColumns): CountedKind[] => rowsOf(columns).map(({ kind }) => kind);

export const comparedKinds = (columns: KindColumns): CountedKind[] =>
    rowsOf(columns).map(({ kind, exists, before }) => ({ ...kind, exists, before }));

/** Of a comparison with marks that say when pages changed. */
export const kindsByAge = (columns: KindColumns): CountedKind[] =>
    rowsOf(columns).map(({ kind, exists, before }) => ({
        ...kind,
        exists,
        changed: before === null ? null : (recentChanges[before.state] ?? null),
    }));
