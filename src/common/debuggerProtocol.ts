/**
 * What an agent asks of a client that offered its debugger (`debugger: true` in a request that changes a VM): an ioctl in
 * a process that the debugger holds. The client makes no other call than those in the table, and each side checks what
 * the other one sends.
 */
import type { Hex } from './address';

/** The ioctls of a VM that a debugger may be asked for, with their numbers in KVM's UAPI. */
export const debuggerIoctls = {
    KVM_SET_MEMORY_ATTRIBUTES: 0x4020aed2,
    KVM_SET_USER_MEMORY_REGION: 0x4020ae46,
} as const;
export type DebuggerIoctlName = keyof typeof debuggerIoctls;

/** Bytes of the struct that each of them reads. */
export const ioctlArgumentSize = 32;

/** Bytes that the client writes for a call, and clears again: its instructions and the argument. All zero before. */
export const callRoomSize = 64;

export interface StoppedThread {
    /** As the debug adapter numbers it. */
    readonly id: number;
    /** By which the agent finds out which thread of which process it is. */
    readonly stackPointer: Hex;
}

/** `reason` is for people: sentences, the last of which says what to do. */
export type DebuggerLook =
    | {
          readonly kind: 'stopped';
          /** For people: the session and its type. */
          readonly session: string;
          /** The thread whose frame is selected comes first. */
          readonly threads: readonly StoppedThread[];
          /** What a call by this debugger does to the process beside, or null. */
          readonly remark: string | null;
      }
    | { readonly kind: 'refused'; readonly reason: string };

export interface DebuggerIoctl {
    readonly pid: number;
    readonly thread: StoppedThread;
    /** Where callRoomSize bytes of executable memory hold nothing but zeros. */
    readonly room: Hex;
    readonly fd: number;
    readonly ioctl: DebuggerIoctlName;
    readonly argument: Uint8Array;
}

export type DebuggerIoctlResult =
    /** As the kernel returned it: a negative errno is a failure. */
    | { readonly kind: 'returned'; readonly value: number }
    /** The call was not made. */
    | { readonly kind: 'refused'; readonly reason: string }
    /** The call was begun, and what came of it is not known. */
    | { readonly kind: 'unknown'; readonly reason: string };

export interface ClientMethods {
    /** Changes nothing. `thread`: only this one. */
    lookByDebugger: { params: { pid: number; thread: number | null }; result: DebuggerLook };
    ioctlByDebugger: { params: DebuggerIoctl; result: DebuggerIoctlResult };
}
export type ClientMethod = keyof ClientMethods;

/** Threads that a look names at most. */
export const mostLookedAt = 32;
