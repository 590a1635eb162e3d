/** A VM that is made up around a guest_memfd of this process, with in-place conversion: two memslots are bound to it. */
import type { GuestMemfdRecord, VmmProcess, VmRecord } from '../../native/index';
import type { OpenVm } from '../../src/agent/discovery/vmDirectory';

/** Pages of the guest_memfd: 16 from page 4 on, and 8192 behind these; a memslot without guest_memfd follows. */
export const slots = [
    { gfn: 0x100, pages: 16, gmemPage: 4 },
    { gfn: 0x110, pages: 8192, gmemPage: 20 },
] as const;

const identity = 77;
const record = (inode: number, moved: boolean): Partial<VmRecord> => ({
    vm: identity,
    serial: 1,
    ownedByProcess: true,
    hasPrivateMemory: true,
    hasAttributeStore: true,
    addressSpaces: 1,
    consistent: true,
    memslots: {
        count: 3,
        addressSpaces: Uint16Array.of(0, 0, 0),
        ids: Int16Array.of(0, 1, 2),
        gfns: Float64Array.of(0x100, 0x110, 0x4000),
        pages: Float64Array.of(16, 8192, 16),
        hvas: BigUint64Array.of(0x10000000n, 0x20000000n, 0x30000000n),
        flags: Uint32Array.of(4, 4, 0),
        gmemInodes: Float64Array.of(inode, inode, -1),
        gmemPages: Float64Array.of(4, moved ? 21 : 20, 0),
    },
});

export interface InPlaceVm {
    readonly vm: OpenVm;
    /** From now on the kernel says that the second memslot is bound elsewhere. */
    readonly moveSlot: () => void;
}

/** What `own` does not answer, `real` does; it is this process, which has the guest_memfd at `fd`. */
export function inPlaceVm(real: VmmProcess, fd: number, inode: number, own: Partial<VmmProcess> = {}): InPlaceVm {
    let moved = false;
    const standIn: Partial<VmmProcess> = {
        kvmFiles: () => [{ fd, kind: 'guest_memfd', vm: identity, vcpu: 0, tid: null }],
        readVm: () => record(inode, moved) as VmRecord,
        readGuestMemfd: (at: number): GuestMemfdRecord | null => {
            const found = real.readGuestMemfd(at);
            const bindings = slots.map(({ gmemPage, pages }, memslot) => ({ addressSpace: 0, memslot, first: gmemPage, pages }));
            return found === null ? null : { ...found, hasAttributeStore: true, bindings };
        },
        ...own,
    };
    const process = new Proxy(real, {
        get: (target, name) => {
            const found: unknown = Reflect.get(standIn, name) ?? Reflect.get(target, name, target);
            return typeof found === 'function' ? (found.bind(target) as unknown) : found;
        },
    });
    const vm = {
        id: `${real.pid}:${fd}`,
        fd,
        identity,
        process,
        otherHolders: [],
        record: record(inode, false),
        summary: { type: 'sw-protected', heldBy: 'vm', command: 'test' },
        convertsInPlace: true,
    } as unknown as OpenVm;
    return { vm, moveSlot: () => (moved = true) };
}
