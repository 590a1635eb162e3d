/** Small .gmem files for tests: of a VM that was never there. */
import type { VmDetails } from '../../src/common/model';
import type { PageRuns } from '../../src/common/pageRuns';
import { PageRunsBuilder } from '../../src/common/pageRuns';
import { encodePageDetail, encodePageState } from '../../src/common/pageState';
import { Pace } from '../../src/agent/pace';
import { SnapshotReader, type Snapshot } from '../../src/agent/snapshot/snapshotReader';
import { writeSnapshot } from '../../src/agent/snapshot/snapshotWriter';
import type { SnapshotHeader } from '../../src/agent/snapshot/snapshotHeader';
import { makeRandomIntegers } from './random';

export const madeStates = {
    sharedPresent: encodePageState({ attribute: 'shared', scope: 'vm', hva: 'present', hvaMapped: true, hvaPageSize: '4K', gmem: 'absent' }),
    sharedAbsent: encodePageState({ attribute: 'shared', scope: 'vm', hva: 'absent', gmem: 'absent' }),
    privatePrepared: encodePageState({ attribute: 'private', scope: 'vm', hva: 'absent', gmem: 'prepared' }),
    privateAbsent: encodePageState({ attribute: 'private', scope: 'vm', hva: 'absent', gmem: 'absent' }),
    doubleBacked: encodePageState({ attribute: 'private', scope: 'vm', hva: 'present', hvaMapped: true, hvaPageSize: '4K', gmem: 'prepared' }),
    outside: encodePageState({ attribute: 'private', scope: 'vm', hva: 'none', gmem: 'none' }),
};
const inSlot = [madeStates.sharedPresent, madeStates.sharedAbsent, madeStates.privatePrepared, madeStates.privateAbsent, madeStates.doubleBacked];

const slotPages = 0x4000;

export const madeDetails: VmDetails = {
    vm: { id: '4242:9', pid: 4242, fd: 9, command: 'qemu-system-x86', name: 'vm1', vcpus: 1, memory: '0x8000000', type: 'sw-protected', tracedBy: null, holders: [], heldBy: 'vm' },
    capabilities: { attributes: ['private'], attributeScope: 'vm' },
    addressSpaces: [
        {
            id: 0,
            memslots: [0, 1].map((id) => ({
                id,
                internal: false,
                gpa: id === 0 ? '0x0' : '0x100000000',
                size: '0x4000000',
                flags: ['guest-memfd'],
                gmemOnly: false,
                hva: id === 0 ? '0x7f1234c00000' : '0x7f1244d01000',
                guestMemfd: { inode: 77, fd: 11, offset: id === 0 ? '0x0' : '0x4000000' },
                backing: { kind: 'memfd', path: '/memfd:ram of vm1', rights: 'rw-' },
            })),
        },
    ],
    guestMemfds: [],
    vcpus: [{ id: 0, fd: 12, tid: 4243, exit: { reason: 'hlt', memoryFault: null }, rip: '0xffffffff81000000', cr3: '0x1000' }],
    unknown: [],
};

/** Both memslots full of short runs, and some private pages between them; the same for the same seed. */
export function makeRuns(seed: number): PageRuns {
    const upTo = makeRandomIntegers(seed);
    const builder = new PageRunsBuilder();
    const fill = (memslot: number, begin: number) => {
        for (let at = begin; at < begin + slotPages; ) {
            const pages = Math.min(1 + upTo(upTo(10) === 0 ? 1000 : 20), begin + slotPages - at);
            const detail = encodePageDetail({ rights: 'rw-', gmemNode: upTo(2), guestUses: upTo(2) === 0 ? 'hva' : 'guest_memfd' });
            builder.append(at, pages, memslot, inSlot[upTo(inSlot.length)] ?? 0, detail);
            at += pages;
        }
    };
    fill(0, 0);
    for (let gfn = slotPages + 16; gfn < slotPages + 400; gfn += 20) builder.append(gfn, 3, -1, madeStates.outside);
    fill(1, 0x100000);
    return builder.build();
}

export function makeHeader(...maps: readonly PageRuns[]): SnapshotHeader {
    const takenAt = '2026-01-02T03:04:05.678Z';
    return {
        guestmemVersion: '0.1.0',
        kernel: '6.18.0',
        savedAt: takenAt,
        redacted: false,
        details: madeDetails,
        maps: maps.map(({ count }, addressSpace) => ({
            addressSpace,
            takenAt,
            consistent: true,
            unknown: [{ field: 'guestMapping', reason: 'not looked at' }],
            runs: count,
        })),
    };
}

export const makeSnapshot = (...maps: readonly PageRuns[]): Buffer =>
    Buffer.concat([...writeSnapshot(makeHeader(...maps), (map) => maps.slice(map, map + 1))]);

export async function openSnapshot(file: Uint8Array, partBytes = 1 << 19): Promise<Snapshot> {
    const reader = new SnapshotReader();
    const pace = new Pace(new AbortController().signal);
    for (let at = 0; at < file.length; at += partBytes) await reader.push(file.subarray(at, at + partBytes), pace);
    return reader.finish();
}
