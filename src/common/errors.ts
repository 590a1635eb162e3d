/**
 * The one error class of the program, with a closed set of codes and one factory per failure. A message says what was
 * tried, what was found and what can be done; errno, pid and address go into `data`. Errors are shown once, at the
 * boundary of a command.
 */
export const errorCodes = [
    'usage', // wrong syntax, unaligned, overflow, a pid with several VMs, no terminal and no --yes
    'not-permitted', // privilege is missing
    'locked', // changes are not permitted by the setting or the window is locked
    'seccomp', // a seccomp filter of the VMM forbids the call
    'debugger-attached', // another process traces the VMM
    'no-such-process',
    'not-a-vmm', // the process has no KVM VM
    'no-such-vm', // the process has VMs, but not at this fd; or the VM went away
    'outside-memslots',
    'private-memory', // reading private memory is refused
    'unsupported', // this kernel, VM type or processor lacks it
    'no-thread', // no thread of the VMM can safely execute the change now
    'map-changed', // what is asked is of a state of an open map that has passed
    'partial-change', // a change stopped in the middle; `data` says what was done
    'kernel', // a system call failed; `data.errno` says how
    'cancelled',
    'snapshot', // a .gmem file is none, is damaged, of another version or beyond what is opened
    'agent', // the agent is missing, stopped or spoke garbage
    'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export type ErrorData = Readonly<Record<string, unknown>>;

/** The wire form of an error, also what `--json` prints under "error". */
export interface WireError {
    readonly code: ErrorCode;
    readonly message: string;
    readonly data: ErrorData;
}

export class GuestmemError extends Error {
    override readonly name = 'GuestmemError';
    constructor(
        readonly code: ErrorCode,
        message: string,
        readonly data: ErrorData = {},
    ) {
        super(message);
    }

    toWire(): WireError {
        return { code: this.code, message: this.message, data: this.data };
    }
}

/** Turns whatever was thrown into the project's error; a foreign error keeps its message and becomes `internal`. */
export function toGuestmemError(thrown: unknown): GuestmemError {
    if (thrown instanceof GuestmemError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new GuestmemError('internal', message);
}

/** Restores an error that crossed a wire; undefined when the value has not the shape of one. */
export function parseWireError(value: unknown): GuestmemError | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    const { code, message, data } = value as Record<string, unknown>;
    const known = errorCodes.find((candidate) => candidate === code);
    if (known === undefined || typeof message !== 'string') return undefined;
    return new GuestmemError(known, message, typeof data === 'object' && data !== null ? (data as ErrorData) : {});
}

/** Exit status of the command line for each code. */
export function exitStatus(code: ErrorCode): number {
    switch (code) {
        case 'usage':
            return 2;
        case 'not-permitted':
        case 'locked':
        case 'seccomp':
        case 'debugger-attached':
            return 3;
        case 'no-such-process':
        case 'not-a-vmm':
        case 'no-such-vm':
            return 4;
        default:
            return 1;
    }
}

export const errors = {
    usage: (message: string) => new GuestmemError('usage', message),

    badRange: (text: string, rule: string) =>
        new GuestmemError('usage', `The range ${text} cannot be used: ${rule}.`, { range: text }),

    notPermitted: (tried: string, missing: string, remedy: string, data: ErrorData = {}) =>
        new GuestmemError('not-permitted', `${tried} is not permitted: ${missing}. ${remedy}`, data),

    noSuchProcess: (pid: number) =>
        new GuestmemError('no-such-process', `There is no process ${pid}: pick one from the list of running VMs.`, {
            pid,
        }),

    thread: (tid: number, pid: number) =>
        new GuestmemError('no-such-process', `${tid} is a thread of process ${pid}: name the process.`, { tid, pid }),

    mainThreadEnded: (pid: number) =>
        new GuestmemError(
            'unsupported',
            `The VMs of process ${pid} cannot be looked at: its main thread has ended, and with it the kernel's list of its file descriptors (/proc/${pid}/fd), while other threads go on. Look at it through another process that holds its VM, if there is one.`,
            { pid },
        ),

    notAVmm: (pid: number) =>
        new GuestmemError(
            'not-a-vmm',
            `Process ${pid} has no KVM virtual machine open: pick one from the list of running VMs.`,
            { pid },
        ),

    noSuchVm: (pid: number, place: string, found: readonly string[]) =>
        new GuestmemError(
            'no-such-vm',
            `Process ${pid} has no VM at ${place}` + (found.length > 0 ? `; its VMs are ${found.join(', ')}.` : '; it may have ended.'),
            { pid, place, found },
        ),

    noSuchMap: (map: number) =>
        new GuestmemError('usage', `There is no open map ${map}: it was closed, or belongs to another connection. Open the VM's map again.`, { map }),

    noSuchRecording: (recording: number) =>
        new GuestmemError('usage', `There is no recording ${recording}: it was closed, or belongs to another connection. Start one anew.`, { recording }),

    mapChanged: (asked: number, generation: number) =>
        new GuestmemError(
            'map-changed',
            `The page map was refreshed meanwhile: its generation ${asked} was asked for, and it is at ${generation}. Refresh, and ask again.`,
            { generation },
        ),

    tooManyMaps: (found: string) =>
        new GuestmemError('unsupported', `A further page map cannot be held open: ${found}. Close page maps and comparisons that are not needed.`),

    tooManyRecordings: (most: number) =>
        new GuestmemError('unsupported', `A further recording cannot be started: ${most} are held, which is the most. Close recordings that are not needed.`),

    /** `addressSpaces`: how many there are. */
    noAddressSpace: (vm: string, addressSpace: number, addressSpaces: number) =>
        new GuestmemError(
            'usage',
            `The VM ${vm} has no address space ${addressSpace}: it has ${addressSpaces === 1 ? 'only 0' : `0 to ${addressSpaces - 1}`}.`,
            { vm },
        ),

    /** `recorded`: what can be replayed; null = nothing any more. */
    notRecorded: (time: string, recorded: { readonly begin: string; readonly end: string } | null) =>
        new GuestmemError(
            'usage',
            recorded === null
                ? `The map of ${time} cannot be replayed: the recording has given up its oldest events, from which it would begin. Start a new recording.`
                : `The map of ${time} cannot be replayed: the recording tells of the time from ${recorded.begin} to ${recorded.end}. Pick a time in between.`,
            { time },
        ),

    /** A VM that only a mapping keeps alive. */
    onlyMapped: (vm: string) =>
        new GuestmemError(
            'unsupported',
            `The memory of the VM ${vm} cannot be looked at: no file descriptor names it any more, only a mapping keeps it alive, and memslots and pages are found through a descriptor. 'guestmem show ${vm}' tells what the mapping keeps; the VM ends when the mapping does.`,
            { vm },
        ),

    processGone: (pid: number) =>
        new GuestmemError('no-such-process', `Process ${pid} ended while it was being read. Refresh the list of VMs.`, { pid }),

    vmGone: (vm: string) =>
        new GuestmemError('no-such-vm', `The VM ${vm} ended while it was being read. Refresh the list of VMs.`, { vm }),

    severalVms: (pid: number, ids: readonly string[]) =>
        new GuestmemError('usage', `Process ${pid} has several VMs: name one of ${ids.join(', ')}.`, { pid, ids }),

    outsideMemslots: (range: string) =>
        new GuestmemError(
            'outside-memslots',
            `No memslot of the VM overlaps ${range}, so it is MMIO: an access by the guest exits to the VMM. Pick a range from the list of its memslots.`,
            { range },
        ),

    unsupported: (what: string, reason: string, data: ErrorData = {}) =>
        new GuestmemError('unsupported', `${what} is not possible here: ${reason}.`, data),

    kernel: (tried: string, errno: string, data: ErrorData = {}) =>
        new GuestmemError('kernel', `${tried} failed with ${errno}.`, { ...data, errno }),

    /** `found` is what is wrong with the file, and where. */
    snapshot: (found: string, remedy: string, data: ErrorData = {}) =>
        new GuestmemError('snapshot', `The snapshot cannot be opened: ${found}. ${remedy}`, data),

    cancelled: () => new GuestmemError('cancelled', 'Cancelled.'),
} as const;
