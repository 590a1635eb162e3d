/**
 * The wire between the extension and an agent: JSON-RPC over stdin/stdout, bodies in MessagePack, so that columns of
 * page runs travel as bytes. One table of methods types both sides; each request ends by result, error, cancellation
 * or disconnection. Everything in it is checked again by the agent: it trusts no message.
 */
import type { Hex } from './address';
import type { AnyChangeReport, Change, ChangeList, ConvertReport, UndoReport } from './change';
import type { EventMethods } from './eventMethods';
import type { FindingMethods } from './findingMethods';
import type { AddressLookup, AddressQuery } from './explain/addressLookup';
import type { MapMethods } from './mapMethods';
import type { AccountMethods } from './memoryAccount';
import type { AddressFacts } from './explain/explanation';
import type { Attribute, DoctorReport, MemoryRead, PageMap, VmDetails, VmId, VmList } from './model';
import type { PackedPageRuns } from './packedRuns';
import type { Progressing } from './progressing';
import type { WireRange } from './range';
import type { ReplayMethods } from './replayMethods';

/** Raised when a message changes its meaning; an agent refuses a client of another version by name. */
export const protocolVersion = 5;

export interface AgentInfo {
    readonly protocol: number;
    /** Version of the package that the agent belongs to. */
    readonly version: string;
    readonly hostname: string;
    readonly kernel: string;
    readonly pid: number;
    readonly uid: number;
}

export type PackedPageMap = Omit<PageMap, 'runs'> & { readonly runs: PackedPageRuns };
export type PackedMemoryRead = Omit<MemoryRead, 'bytes'> & { readonly bytes: Uint8Array };

/** A request that may change a VM: the client has a debugger that may hold the VMM, and answers ClientMethods meanwhile. */
export interface OfferingDebugger {
    readonly debugger?: true;
}

/** The user's leave, for this change alone, to suspend seccomp filters that forbid it. */
export interface SuspendingSeccomp {
    readonly suspendSeccomp?: true;
}

export interface AgentMethods extends MapMethods, EventMethods, ReplayMethods, AccountMethods, FindingMethods {
    initialize: { params: { protocol: number }; result: AgentInfo };
    doctor: { params: Record<string, never>; result: DoctorReport };
    vms: { params: Record<string, never>; result: VmList };
    show: { params: { vm: VmId }; result: VmDetails };
    /** With `accessed`, guest mappings tell what the processor noted in them: it cuts runs, and changes without pause. */
    map: { params: { vm: VmId; addressSpace: number; range?: WireRange; accessed?: boolean } & Progressing; result: PackedPageMap };
    read: { params: { vm: VmId; gpa: Hex; size: Hex }; result: PackedMemoryRead };
    explain: { params: { vm: VmId; addressSpace: number; gpa: Hex }; result: AddressFacts };
    /** Where an address of another kind leads; `explain` then tells of each place. */
    locate: { params: { vm: VmId; query: AddressQuery }; result: AddressLookup };
    convert: {
        params: { vm: VmId; range: WireRange; to: Attribute; dryRun: boolean } & Progressing & OfferingDebugger & SuspendingSeccomp;
        result: ConvertReport;
    };
    change: { params: { vm: VmId; change: Change; dryRun: boolean } & Progressing & OfferingDebugger & SuspendingSeccomp; result: AnyChangeReport };
    /** Undoes the last change that was recorded of this VM; with `undoes` only if that still is the one of this time. */
    undo: { params: { vm: VmId; dryRun: boolean; undoes?: string } & Progressing & OfferingDebugger & SuspendingSeccomp; result: UndoReport };
    /** The record of changes, oldest first; of all VMs where none is named. */
    changes: { params: { vm?: VmId }; result: ChangeList };
}
export type AgentMethod = keyof AgentMethods;

export interface AgentNotifications {
    /** `done` of `total` units (pages) of the request with this token. */
    progress: { token: number; done: number; total: number };
}
