/** Addresses of other kinds, and the guest physical ones that they lead to. */
import type { Hex } from '../address';
import type { AddressFacts } from './explanation';
import type { Unknown, VmId } from '../model';

export type AddressQuery =
    /** Host virtual, of the VMM. */
    | { readonly kind: 'hva'; readonly hva: Hex }
    /** Guest virtual, by the page tables of a vCPU as they are now. */
    | { readonly kind: 'gva'; readonly gva: Hex; readonly vcpu: number }
    | { readonly kind: 'guest-memfd'; readonly inode: number; readonly offset: Hex }
    /** Host physical page (page frame number). */
    | { readonly kind: 'pfn'; readonly pfn: Hex };

export interface LookupStep {
    readonly text: string;
    readonly source: string;
}

export interface AddressPlace {
    readonly addressSpace: number;
    readonly gpa: Hex;
}

export interface AddressLookup {
    readonly vm: VmId;
    readonly query: AddressQuery;
    /** How it was found, or why not. */
    readonly steps: readonly LookupStep[];
    /** Several where memory is in several memslots; none where the address leads to no guest memory. */
    readonly places: readonly AddressPlace[];
    readonly unknown: readonly Unknown[];
}

/** What `guestmem explain --json` prints for such an address. */
export interface ExplainedLookup {
    readonly lookup: AddressLookup;
    /** The facts of the first places. */
    readonly matches: readonly AddressFacts[];
}

/** So many places are explained. */
export const mostExplained = 16;

export function queryText(query: AddressQuery): string {
    switch (query.kind) {
        case 'hva':
            return `HVA ${query.hva}`;
        case 'gva':
            return `GVA ${query.gva} of vCPU ${query.vcpu}`;
        case 'guest-memfd':
            return `offset ${query.offset} of guest_memfd ${query.inode}`;
        case 'pfn':
            return `PFN ${query.pfn}`;
    }
}
