import type { Memslot } from '../../src/common/model';

/** A memslot with a guest_memfd, as an agent would describe it. */
export const madeMemslot = (changed: Partial<Memslot> = {}): Memslot => ({
    id: 3,
    internal: false,
    gpa: '0x100000',
    size: '0x10000',
    flags: ['guest-memfd'],
    gmemOnly: false,
    hva: '0x7f0000000000',
    guestMemfd: { inode: 9, fd: 5, offset: '0x0' },
    backing: { kind: 'anonymous', path: null, rights: 'rw-' },
    ...changed,
});
