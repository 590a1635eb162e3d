/** What a look-up of an address of another kind came to. */
import { toHex } from '../../common/address';
import type { AddressPlace, LookupStep } from '../../common/explain/addressLookup';
import type { SlotRow } from '../details/memslots';

export interface Found {
    readonly steps: readonly LookupStep[];
    readonly places: readonly AddressPlace[];
}

export const placeIn = ({ addressSpace, gfn }: SlotRow, offset: bigint): AddressPlace => ({ addressSpace, gpa: toHex((BigInt(gfn) << 12n) + offset) });
