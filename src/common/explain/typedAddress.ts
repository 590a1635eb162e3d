/**
 * An address as a person types it: a number alone, or with what kind it is of before it. "0x1000", "gpa:4096",
 * "hva:0x7f0000001000", "gva:0x401000", "gva/1:0x401000" (of vCPU 1), "gmem/241:0x3000" (in the guest_memfd with this
 * inode), "pfn:0x12345".
 */
import { parseAddress, parseHex, toHex, type Hex } from '../address';
import type { VmDetails } from '../model';
import type { AddressQuery } from './addressLookup';

export type TypedAddress = AddressQuery | { readonly kind: 'gpa'; readonly gpa: Hex } | { readonly kind: 'number'; readonly value: Hex };

export function parseTypedAddress(text: string): TypedAddress | undefined {
    const [, kind, which, number] = /^\s*(?:([a-z]+)(?:\/([0-9]{1,16}))?\s*[:=]\s*)?([0-9a-z_]+)\s*$/i.exec(text) ?? [];
    const value = number === undefined ? undefined : parseAddress(number);
    if (value === undefined) return undefined;
    const hex = toHex(value);
    switch (kind?.toLowerCase()) {
        case undefined:
            return { kind: 'number', value: hex };
        case 'gpa':
            return which === undefined ? { kind: 'gpa', gpa: hex } : undefined;
        case 'hva':
            return which === undefined ? { kind: 'hva', hva: hex } : undefined;
        case 'gva':
            return Number(which ?? 0) <= 0xffff ? { kind: 'gva', gva: hex, vcpu: Number(which ?? 0) } : undefined;
        case 'gmem':
            return which === undefined ? undefined : { kind: 'guest-memfd', inode: Number(which), offset: hex };
        case 'pfn':
            return which === undefined ? { kind: 'pfn', pfn: hex } : undefined;
        default:
            return undefined;
    }
}

/** The written form, which parseTypedAddress takes. */
export function formatTypedAddress(address: TypedAddress): string {
    switch (address.kind) {
        case 'number':
            return address.value;
        case 'gpa':
            return `gpa:${address.gpa}`;
        case 'hva':
            return `hva:${address.hva}`;
        case 'gva':
            return `gva/${address.vcpu}:${address.gva}`;
        case 'guest-memfd':
            return `gmem/${address.inode}:${address.offset}`;
        case 'pfn':
            return `pfn:${address.pfn}`;
    }
}

/** What a bare number is in a VM: a GPA where a memslot is, else an HVA where one is; null where it is neither. */
export function kindOfNumber({ addressSpaces }: Pick<VmDetails, 'addressSpaces'>, value: bigint): 'gpa' | 'hva' | null {
    const memslots = addressSpaces.find(({ id }) => id === 0)?.memslots ?? [];
    const isIn = (start: Hex, size: Hex) => value >= (parseHex(start) ?? 0n) && value < (parseHex(start) ?? 0n) + (parseHex(size) ?? 0n);
    if (memslots.some(({ gpa, size }) => isIn(gpa, size))) return 'gpa';
    return memslots.some(({ hva, size }) => isIn(hva, size)) ? 'hva' : null;
}

/** A bare number is taken for a GPA where it is nothing in this VM. */
export function settleNumber(details: Pick<VmDetails, 'addressSpaces'>, address: TypedAddress): Exclude<TypedAddress, { kind: 'number' }> {
    if (address.kind !== 'number') return address;
    const isHva = kindOfNumber(details, parseHex(address.value) ?? 0n) === 'hva';
    return isHva ? { kind: 'hva', hva: address.value } : { kind: 'gpa', gpa: address.value };
}
