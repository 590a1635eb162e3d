/**
 * Every VM fd of every process, with the `struct kvm` behind it. Candidates come from the links in /proc/PID/fd; the
 * kernel's word on each comes from the native addon.
 */
import type { VmIdentity, VmmProcess, VmRecord } from '../../native/index';
import type { Unknown } from '../common/model';
import { toGuestmemError } from '../common/errors';
import { native } from './native';
import { fromNative, isNativeError } from './nativeErrors';
import type { Pace } from './pace';
import { enumerate } from './unknownFields';
import { listProcesses, listVmFds, readArguments } from './processes';
import type { Place } from './vmSummary';

/** One `struct kvm` as one process holds it. */
export interface Sighting {
    readonly pid: number;
    /** Ascending; never empty. */
    readonly fds: readonly number[];
    /** Null when only /proc could be read: each fd is then a sighting of its own. */
    readonly kernel: { readonly identity: VmIdentity; readonly record: VmRecord } | null;
}

export const placeOf = ({ pid, fds }: Sighting): Place => ({ pid, fd: fds[0] ?? -1 });

/** The VMs that a process holds, lowest fd first; fds that meanwhile closed are left out. */
export function sightVms(process: VmmProcess): Sighting[] {
    const byIdentity = new Map<VmIdentity, number[]>();
    for (const { kind, vm, fd } of process.kvmFiles()) {
        if (kind !== 'vm') continue;
        const held = byIdentity.get(vm);
        if (held === undefined) byIdentity.set(vm, [fd]);
        else held.push(fd);
    }
    const sightings: Sighting[] = [];
    for (const fds of byIdentity.values()) {
        fds.sort((a, b) => a - b);
        const record = process.readVm(fds[0] ?? -1);
        if (record !== null) sightings.push({ pid: process.pid, fds, kernel: { identity: record.vm, record } });
    }
    return sightings.sort((a, b) => placeOf(a).fd - placeOf(b).fd);
}

/** Opens process `pid` for the time of `use`. */
export function withProcess<T>(pid: number, use: (process: VmmProcess) => T): T {
    const process = new (native().VmmProcess)(pid);
    try {
        return use(process);
    } finally {
        process.close();
    }
}

export interface Scan {
    readonly sightings: readonly Sighting[];
    readonly unknown: readonly Unknown[];
}

export async function scanVms(pace: Pace): Promise<Scan> {
    const sightings: Sighting[] = [];
    const denied: number[] = [];
    const problems = new Map<string, number[]>();
    for (const pid of listProcesses()) {
        await pace.breathe();
        const looked = listVmFds(pid);
        // Kernel threads have no arguments, and no files either.
        if (looked.kind === 'denied' && (readArguments(pid)?.[0] ?? '') !== '') denied.push(pid);
        if (looked.kind !== 'found' || looked.value.length === 0) continue;
        try {
            sightings.push(...withProcess(pid, sightVms));
        } catch (thrown) {
            if (isNativeError(thrown) && thrown.code === 'ESRCH') continue;
            sightings.push(...looked.value.map((fd) => ({ pid, fds: [fd], kernel: null })));
            const { message } = toGuestmemError(fromNative(thrown, 'Asking the kernel about VMs', pid));
            problems.set(message, [...(problems.get(message) ?? []), pid]);
        }
    }
    const unknown: Unknown[] = [...problems].map(([message, pids]) => ({
        field: 'vms',
        reason: `process ${enumerate(pids)}: ${message}`,
    }));
    if (denied.length > 0) unknown.push({ field: 'vms', reason: deniedReason(denied) });
    return { sightings, unknown };
}

function deniedReason(pids: readonly number[]): string {
    return (
        `the file descriptors of process ${enumerate(pids)} may not be read without CAP_SYS_PTRACE, ` +
        `so VMs of theirs are not listed: run guestmem as root, for example with sudo`
    );
}
