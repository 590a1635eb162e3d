/**
 * Which VMs there are, and which one a `<vm>` argument means. A VM is its `struct kvm`: it is listed once, under the
 * process whose address space it uses, at that process's lowest fd; all other fds and processes are its holders.
 */
import type { VmIdentity, VmmProcess, VmRecord } from '../../native/index';
import { errors } from '../common/errors';
import type { VmHolder, VmList, VmSummary } from '../common/model';
import { native } from './native';
import { fromNative, isNativeError, refused, translating } from './nativeErrors';
import type { Pace } from './pace';
import { countVcpuFds, listVmFds, readStatus } from './processes';
import { placeOf, scanVms, sightVms, type Scan, type Sighting } from './vmScan';
import { summarizeVm, vmIdOf } from './vmSummary';
import type { VmReference } from './validate';

/** A VM as a request works on it; its process handle closes with the request. */
export interface OpenVm {
    readonly id: string;
    readonly fd: number;
    readonly identity: VmIdentity;
    readonly process: VmmProcess;
    /** Read when it was opened. */
    readonly record: VmRecord;
    readonly summary: VmSummary;
}

export class VmDirectory {
    /** The last scan of all processes; `show` takes the holders in other processes from it. */
    private lastScan: Scan | undefined;

    async list(pace: Pace): Promise<VmList> {
        const scan = await scanVms(pace);
        this.lastScan = scan;
        const byVm = groupByVm(scan.sightings);
        const vms = byVm.map(summarize).filter((summary) => summary !== undefined);
        const unknown = [...scan.unknown];
        if (scan.sightings.some(({ kernel }) => kernel === null)) {
            unknown.push({
                field: 'holders',
                reason: 'which file descriptors name the same VM is known only to the kernel, which could not be asked',
            });
        }
        for (const { kernel, ...sighting } of scan.sightings) {
            if (kernel?.record.consistent === false) {
                const id = vmIdOf(placeOf({ kernel, ...sighting }));
                unknown.push({ field: 'memory', reason: `the memslots of ${id} kept changing while they were read` });
            }
        }
        return { vms: vms.sort((a, b) => a.pid - b.pid || a.fd - b.fd), unknown };
    }

    /** Finds the VM, opens its process for the time of `use`, and translates what the addon throws meanwhile. */
    async withVm<T>(reference: VmReference, pace: Pace, use: (vm: OpenVm) => Promise<T>): Promise<T> {
        const sighting = await this.find(reference, pace);
        const { pid, fd } = placeOf(sighting);
        const tried = `Reading the VM ${pid}:${fd}`;
        const process = translating(tried, pid, () => new (native().VmmProcess)(pid));
        try {
            const record = process.readVm(fd);
            const holders = await this.holdersOf(sighting, pace);
            const summary = record === null ? undefined : summarizeVm({ pid, fd }, record, record.vcpus, holders);
            if (record === null || summary === undefined) throw errors.vmGone(`${pid}:${fd}`);
            return await use({ id: summary.id, fd, identity: record.vm, process, record, summary });
        } catch (thrown) {
            // Whatever failed, the reason is that the VMM ended meanwhile.
            if (isNativeError(thrown) && !process.alive) throw errors.vmGone(`${pid}:${fd}`);
            throw fromNative(thrown, tried, pid);
        } finally {
            process.close();
        }
    }

    private async find({ pid, fd }: VmReference, pace: Pace): Promise<Sighting> {
        const held = translating(`Reading the VMs of process ${pid}`, pid, () => sightVms(pid, vmFdsOf(pid)));
        const ids = (sightings: readonly Sighting[]) => sightings.map((sighting) => vmIdOf(placeOf(sighting)));
        let named: Sighting | undefined;
        if (fd !== null) {
            named = held.find(({ fds }) => fds.includes(fd));
            if (named === undefined) throw errors.noSuchVm(pid, fd, held.map((sighting) => placeOf(sighting).fd));
        } else {
            const own = held.filter(isOwner);
            const candidates = own.length > 0 ? own : held;
            if (candidates.length > 1) throw errors.severalVms(pid, ids(candidates));
            named = candidates[0];
            if (named === undefined) throw errors.notAVmm(pid);
        }
        if (isOwner(named)) return named;
        // Held here, but another process's memory: it is listed there, if that process still lives.
        this.lastScan = await scanVms(pace);
        const same = this.lastScan.sightings.filter(({ kernel }) => kernel?.identity === named.kernel?.identity);
        return chiefOf(same) ?? named;
    }

    /** The holders in other processes are those of the last scan that still hold the VM. */
    private async holdersOf(sighting: Sighting, pace: Pace): Promise<VmHolder[]> {
        this.lastScan ??= await scanVms(pace);
        const identity = sighting.kernel?.identity;
        const others = this.lastScan.sightings
            .filter(({ pid, kernel }) => pid !== sighting.pid && kernel?.identity === identity)
            .flatMap(({ pid }) => sightAgain(pid).filter(({ kernel }) => kernel?.identity === identity));
        return holdersBeside(sighting, [sighting, ...others]);
    }
}

const isOwner = ({ kernel }: Sighting): boolean => kernel?.record.ownedByProcess === true;

/** The sightings of each VM; those of which only /proc tells are VMs of their own. */
function groupByVm(sightings: readonly Sighting[]): Sighting[][] {
    const groups = new Map<VmIdentity | Sighting, Sighting[]>();
    for (const sighting of sightings) {
        const key = sighting.kernel?.identity ?? sighting;
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [sighting]);
        else group.push(sighting);
    }
    return [...groups.values()];
}

/**
 * Where a VM is listed: under its owner, else (the owner is gone) under the first holder. Two processes can share one
 * address space (vfork); the older one has the lower pid.
 */
function chiefOf(sightings: readonly Sighting[]): Sighting | undefined {
    return sightings.find(isOwner) ?? sightings[0];
}

function holdersBeside(chief: Sighting, all: readonly Sighting[]): VmHolder[] {
    const listed = placeOf(chief);
    return all.flatMap(({ pid, fds }) =>
        fds.filter((fd) => pid !== listed.pid || fd !== listed.fd).map((fd) => ({ pid, fd })),
    );
}

function summarize(sightings: readonly Sighting[]): VmSummary | undefined {
    const chief = chiefOf(sightings);
    if (chief === undefined) return undefined;
    const record = chief.kernel?.record ?? null;
    return summarizeVm(placeOf(chief), record, record?.vcpus ?? vcpusFromFds(chief.pid), holdersBeside(chief, sightings));
}

/** Without BPF the vCPU fds tell the number, if the process has only one VM. */
function vcpusFromFds(pid: number): number | null {
    const vms = listVmFds(pid);
    const vcpus = countVcpuFds(pid);
    return vms.kind === 'found' && vms.value.length === 1 && vcpus.kind === 'found' ? vcpus.value : null;
}

function vmFdsOf(pid: number): number[] {
    const status = readStatus(pid);
    if (status === undefined) throw errors.noSuchProcess(pid);
    if (status.threadGroup !== pid) throw errors.thread(pid, status.threadGroup);
    const looked = listVmFds(pid);
    if (looked.kind === 'gone') throw errors.noSuchProcess(pid);
    if (looked.kind === 'denied') throw refused(`Looking into process ${pid}`, 'EACCES', { pid });
    if (looked.value.length === 0) throw errors.notAVmm(pid);
    return looked.value;
}

function sightAgain(pid: number): Sighting[] {
    const looked = listVmFds(pid);
    if (looked.kind !== 'found') return [];
    try {
        return sightVms(pid, looked.value);
    } catch (thrown) {
        if (isNativeError(thrown) && thrown.code === 'ESRCH') return [];
        throw thrown;
    }
}
