/**
 * Who holds which VM: every KVM file that a process has open or mapped, with the `struct kvm` behind it. Candidates come
 * from the links in /proc/PID/fd; the kernel's word on each, and all mappings, come from the native addon.
 */
import type { KvmFile, KvmMapping, VmIdentity, VmmProcess, VmRecord } from '../../../native/index';
import { toGuestmemError } from '../../common/errors';
import type { Unknown, VmSummary } from '../../common/model';
import { findKvmMappings } from './kvmMappings';
import { native } from '../native';
import { fromNative, isNativeError } from '../nativeErrors';
import type { Pace } from '../pace';
import { enumerate } from '../unknownFields';
import { listKvmLinks, listProcesses, readArguments } from './processes';
import type { Place } from './vmSummary';

/** One `struct kvm` as one process holds it. */
export interface Sighting {
    readonly pid: number;
    /** The strongest of its holds, in the order of `strength`. */
    readonly heldBy: VmSummary['heldBy'];
    /** The fds of that kind, ascending; empty only for a mapping. */
    readonly fds: readonly number[];
    /** Of a mapping: its address, the lowest. */
    readonly hva: bigint | null;
    /** Null when only /proc could be read: each fd is then a sighting of its own. */
    readonly identity: VmIdentity | null;
    /** Null also for a mapping, through which the addon reads no VM. */
    readonly record: VmRecord | null;
}

/** What keeps a VM alive, that with which most can be done first. */
export const strength = ['vm', 'vcpu', 'guest_memfd', 'mapping'] as const;

export const placeOf = ({ pid, fds, hva }: Sighting): Place => ({ pid, fd: fds[0] ?? -1, hva });

/** The VMs that a process holds by an fd, lowest first; fds that meanwhile closed are left out. */
export function sightVms(process: VmmProcess): Sighting[] {
    const byIdentity = new Map<VmIdentity, KvmFile[]>();
    for (const file of process.kvmFiles()) {
        const files = byIdentity.get(file.vm);
        if (files === undefined) byIdentity.set(file.vm, [file]);
        else files.push(file);
    }
    const sightings: Sighting[] = [];
    for (const files of byIdentity.values()) {
        const heldBy = strength.find((kind) => files.some((file) => file.kind === kind)) ?? 'mapping';
        const fds = files.filter(({ kind }) => kind === heldBy).map(({ fd }) => fd).sort((a, b) => a - b);
        const record = process.readVm(fds[0] ?? -1);
        if (record !== null) sightings.push({ pid: process.pid, heldBy, fds, hva: null, identity: record.vm, record });
    }
    return sightings.sort((a, b) => placeOf(a).fd - placeOf(b).fd);
}

/** The VMs that processes hold by nothing but a mapping, as far as `mappings` tell; those in `seen` are held by an fd. */
export function sightMappedVms(mappings: readonly KvmMapping[], seen: ReadonlySet<VmIdentity | null>): Sighting[] {
    const sightings = new Map<string, Sighting>();
    for (const { pid, vm, start } of mappings) {
        const key = `${vm} ${pid}`;
        if (seen.has(vm) || (sightings.get(key)?.hva ?? start) < start) continue;
        sightings.set(key, { pid, heldBy: 'mapping', fds: [], hva: start, identity: vm, record: null });
    }
    return [...sightings.values()];
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

/** As `sightVms`, of a process that may have ended since it was found. */
export function sightAgain(pid: number): Sighting[] {
    try {
        return withProcess(pid, sightVms);
    } catch (thrown) {
        if (isNativeError(thrown) && thrown.code === 'ESRCH') return [];
        throw thrown;
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
        const looked = listKvmLinks(pid);
        // Kernel threads have no arguments, and no files either.
        if (looked.kind === 'denied' && (readArguments(pid)?.[0] ?? '') !== '') denied.push(pid);
        if (looked.kind !== 'found' || looked.value.length === 0) continue;
        try {
            sightings.push(...withProcess(pid, sightVms));
        } catch (thrown) {
            if (isNativeError(thrown) && thrown.code === 'ESRCH') continue;
            for (const { fd, kind } of looked.value) {
                if (kind === 'vm') sightings.push({ pid, heldBy: kind, fds: [fd], hva: null, identity: null, record: null });
            }
            const { message } = toGuestmemError(fromNative(thrown, 'Asking the kernel about VMs', pid));
            problems.set(message, [...(problems.get(message) ?? []), pid]);
        }
    }
    const unknown: Unknown[] = [...problems].map(([message, pids]) => ({
        field: 'vms',
        reason: `process ${enumerate(pids)}: ${message}`,
    }));
    if (denied.length > 0) unknown.push({ field: 'vms', reason: deniedReason(denied) });
    const { mappings, reason } = await findKvmMappings(pace);
    for (const mapped of sightMappedVms(mappings ?? [], new Set(sightings.map(({ identity }) => identity)))) {
        // Its fds were looked at earlier than its mappings: the VM may be a new one.
        const opened = sightAgain(mapped.pid).find(({ identity }) => identity === mapped.identity);
        sightings.push(opened ?? mapped);
    }
    if (reason !== null) unknown.push({ field: 'vms', reason: `VMs that only a mapping keeps alive are not all listed: ${reason}` });
    return { sightings, unknown };
}

function deniedReason(pids: readonly number[]): string {
    return (
        `the file descriptors of process ${enumerate(pids)} may not be read without CAP_SYS_PTRACE, ` +
        `so VMs of theirs are not listed: run guestmem as root, for example with sudo`
    );
}
