/** Events as the addon gives them, made up, and a VM that they happen in. */
import type { EventColumns } from '../../native/index';
import { eventKind } from '../../src/agent/events/patterns/eventKind';
import { EventPatterns } from '../../src/agent/events/patterns/eventPatterns';
import type { VmAtStart } from '../../src/agent/events/patterns/recordedVm';
import type { SlotRow } from '../../src/agent/details/memslots';
import type { MemoryEventKind } from '../../src/common/memoryEvents';
import { PageRunsBuilder } from '../../src/common/pageRuns';
import { encodePageState, type PageStateParts } from '../../src/common/pageState';

export interface MadeEvent {
    readonly kind: MemoryEventKind;
    /** Microseconds after the beginning. */
    readonly time: number;
    readonly thread?: number;
    readonly number?: number;
    readonly addressSpace?: number;
    readonly start?: bigint;
    readonly size?: bigint;
    readonly value?: bigint;
    readonly detail?: bigint;
    readonly inode?: number;
    readonly inodeOffset?: bigint;
    /** In nanoseconds. */
    readonly duration?: number;
    readonly result?: number;
}

export const beginning = 1_700_000_000_000_000;

export function makeColumns(events: readonly MadeEvent[]): EventColumns {
    const big = (of: (event: MadeEvent) => bigint | undefined) => BigUint64Array.from(events, (event) => of(event) ?? 0n);
    return {
        count: events.length,
        times: Float64Array.from(events, ({ time }) => beginning + time),
        kinds: Uint8Array.from(events, ({ kind }) => eventKind[kind]),
        threads: Uint32Array.from(events, ({ thread }) => thread ?? 100),
        numbers: Int16Array.from(events, ({ number }) => number ?? -1),
        addressSpaces: Uint16Array.from(events, ({ addressSpace }) => addressSpace ?? 0),
        starts: big(({ start }) => start),
        sizes: big(({ size }) => size),
        values: big(({ value }) => value),
        details: big(({ detail }) => detail),
        inodes: Float64Array.from(events, ({ inode }) => inode ?? 0),
        inodeOffsets: big(({ inodeOffset }) => inodeOffset),
        durations: Uint32Array.from(events, ({ duration }) => duration ?? 0),
        results: Int32Array.from(events, ({ result }) => result ?? 0),
    };
}

export const slot = (id: number, gpa: bigint, size: bigint, parts: Partial<SlotRow> = {}): SlotRow => {
    const gfn = Number(gpa >> 12n);
    const hva = 0x7f00_0000_0000n + gpa;
    const row = { addressSpace: 0, id, internal: false, gfn, end: gfn + Number(size >> 12n), hva, logsDirtyPages: false, readonly: false };
    return { ...row, hvaPage: Number(hva >> 12n), hasGuestMemfd: (parts.gmemInode ?? null) !== null, gmemOnly: false, gmemInode: null, gmemPage: 0, ...parts };
};

/** Slot 0: 1 MiB of plain memory at 0; slot 1: 1 GiB with guest_memfd 7 at 4 GiB; vCPU 0 runs in thread 100, vCPU 1 in 101. */
export const plain = slot(0, 0n, 1n << 20n);
export const confidential = slot(1, 4n << 30n, 1n << 30n, { gmemInode: 7 });

export function madePatterns(parts: Partial<VmAtStart> = {}): EventPatterns {
    return new EventPatterns({
        id: '1:2',
        slots: [plain, confidential],
        addressSpaces: 1,
        hasVmScope: true,
        hasPrivateMemory: true,
        vcpus: [
            { thread: 100, vcpu: 0 },
            { thread: 101, vcpu: 1 },
        ],
        tellsChanges: true,
        sizeOfGuestMemfd: (inode) => (inode === 7 ? 1n << 30n : null),
        ...parts,
    });
}

/** Runs of pages of slot 1 in such states; what is not named is shared and holds nothing. */
export function madePages(runs: readonly (Partial<PageStateParts> & { readonly page: number; readonly pages: number })[]) {
    const builder = new PageRunsBuilder();
    for (const { page, pages, ...parts } of runs) {
        const state = encodePageState({ attribute: 'shared', scope: 'vm', hva: 'absent', gmem: 'absent', ...parts });
        builder.append(confidential.gfn + page, pages, confidential.id, state);
    }
    return builder.build();
}
