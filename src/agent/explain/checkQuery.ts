/** What kind of address a request asks about, checked. */
import { toHex } from '../../common/address';
import { errors } from '../../common/errors';
import type { AddressQuery } from '../../common/explain/addressLookup';
import { checkFields, checkHex, checkInteger, checkSmallNumber, quote } from '../validate';

/** A frame number has 52 bits less the 12 of a page. */
const largestFrame = (1n << 40n) - 1n;

export function checkQuery(value: unknown): AddressQuery {
    const { kind, hva, gva, vcpu, inode, offset, pfn } = checkFields(value);
    switch (kind) {
        case 'hva':
            return { kind, hva: toHex(checkHex(hva, 'host virtual address')) };
        case 'gva':
            return { kind, gva: toHex(checkHex(gva, 'guest virtual address')), vcpu: checkSmallNumber(vcpu, 'vCPU') };
        case 'guest-memfd':
            return { kind, inode: checkInteger(inode, 'inode of a guest_memfd', 1, Number.MAX_SAFE_INTEGER), offset: toHex(checkHex(offset, 'offset')) };
        case 'pfn': {
            const frame = checkHex(pfn, 'page frame number');
            if (frame > largestFrame) throw errors.usage(`${quote(pfn)} is no page frame number: it is the physical address divided by 4096, at most 40 bits.`);
            return { kind, pfn: toHex(frame) };
        }
        default:
            throw errors.usage(`${quote(kind)} is no kind of address: give hva, gva, guest-memfd or pfn.`);
    }
}
