/**
 * The changes that can be made to a VM, all of one shape: a preview (dry run), the change itself, and a report that holds
 * the change which would undo it. Everything in a Change is checked again by the agent.
 */
import type { Hex } from './address';
import type { ErrorCode } from './errors';
import type { Attribute, Unknown } from './model';
import type { WireRange } from './range';

/** Who makes a change: the agent itself, a thread of the VMM, or the debugger that holds the VMM. */
export type Executor = 'direct' | 'inject' | 'debugger';

export interface AttributeRun {
    readonly gpa: Hex;
    readonly size: Hex;
    readonly attribute: Attribute;
}

export type Change =
    /** Makes guest memory private or shared. */
    | { readonly kind: 'convert'; readonly range: WireRange; readonly to: Attribute }
    /** Gives each run back the attribute that it had: the undo of a conversion. */
    | { readonly kind: 'restore'; readonly runs: readonly AttributeRun[] }
    /** Gives the guest_memfd pages behind these guest addresses back to the host, with what they hold. */
    | { readonly kind: 'punch'; readonly ranges: readonly WireRange[] }
    /** Allocates the guest_memfd pages behind these guest addresses that are not there. */
    | { readonly kind: 'allocate'; readonly ranges: readonly WireRange[] }
    /** Has KVM map guest memory before the guest touches it; null: by any vCPU that can. */
    | { readonly kind: 'pre-fault'; readonly range: WireRange; readonly vcpu: number | null }
    /** Writes guest memory; the bytes in base64. */
    | { readonly kind: 'write'; readonly gpa: Hex; readonly bytes: string }
    /** Has KVM log which pages of a memslot are written, or stops it. */
    | { readonly kind: 'log-dirty-pages'; readonly addressSpace: number; readonly memslot: number; readonly on: boolean };

export type ChangeKind = Change['kind'];

export interface ChangeReport {
    readonly change: ChangeKind;
    readonly executor: Executor;
    /** What the change covers, "GPA+SIZE"; from the first to the last of several ranges. */
    readonly range: string;
    readonly pagesChanged: number;
    readonly pagesAlready: number;
    readonly warnings: readonly string[];
    /**
     * How long threads of the VMM were held, in all; 0 in a dry run and where the VMM is not stopped. A debugger holds the
     * VMM anyway: then how long it took for the calls.
     */
    readonly stoppedMicroseconds: number;
    readonly dryRun: boolean;
    /** How many calls were made with a thread's seccomp filters suspended, which forbid them; absent where none was. */
    readonly seccompSuspensions?: number;
    /** What brings back the state before; null where nothing does. */
    readonly undo: Change | null;
}

export interface ConvertReport extends ChangeReport {
    readonly change: 'convert' | 'restore';
    /** Null where runs with both attributes were restored. */
    readonly to: Attribute | null;
    readonly previousRuns: readonly AttributeRun[];
    /** Of a dry run: about how long the kernel will take. Null where nothing changes, after the change, and where `unknown` says why. */
    readonly kernelTime: KernelTime | null;
    readonly unknown: readonly Unknown[];
}

export interface KernelTime {
    readonly microseconds: number;
    /** Calls, between which the VMM goes on and the user can cancel. */
    readonly pieces: number;
    /** For about so long a thread of the VMM is held at a time. */
    readonly longestPieceMicroseconds: number;
}

/** Of a change that is no conversion. */
export interface OtherChangeReport extends ChangeReport {
    readonly change: Exclude<ChangeKind, ConvertReport['change']>;
}

export type AnyChangeReport = ConvertReport | OtherChangeReport;

/** Of an undo: which record it takes back, by its time, and what that was. */
export type UndoReport = AnyChangeReport & { readonly undoes: string; readonly undone: UndoneChange };

export interface UndoneChange {
    readonly change: ChangeKind;
    readonly range: string;
}

/** One line of the record of changes, which the agent keeps for the user that it runs as. */
export interface ChangeRecord {
    readonly time: string;
    /** PID:FD of the VM, and the VMM's command name. */
    readonly vm: string;
    readonly command: string;
    /** Which boot of the host it was, and since when the process runs, in clock ticks since then. */
    readonly boot: string;
    readonly processStart: string;
    /** Another one for each VM of a boot; null where the kernel does not number them. */
    readonly vmSerial: number | null;
    readonly change: ChangeKind;
    readonly range: string;
    readonly executor: Executor;
    readonly pagesChanged: number;
    readonly stoppedMicroseconds: number;
    /** As in ChangeReport. */
    readonly seccompSuspensions?: number;
    /** "begun" stays the last word when the agent was killed meanwhile. */
    readonly result: 'begun' | 'done' | 'partial' | 'refused';
    /** The error of a partial or refused change. */
    readonly message: string | null;
    /** What kind of error it was; absent where none was. */
    readonly code?: ErrorCode;
    readonly undo: Change | null;
}

export interface ChangeList {
    /** Oldest first. */
    readonly changes: readonly ChangeRecord[];
    /** The file that holds them, on the agent's host. */
    readonly path: string;
}
