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
import { countVcpuFds, listVmFds, readStatus, requireOwnProc } from './processes';
import { placeOf, scanVms, sightVms, withProcess, type Scan, type Sighting } from './vmScan';
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
        requireOwnProc();
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
        requireOwnProc();
        checkIsVmm(reference.pid);
        const named = await this.opening(reference.pid, async (process) => {
            const sighting = pick(reference, sightVms(process));
            return isOwner(sighting) ? { result: await this.use(process, sighting, pace, use) } : { sighting };
        });
        if ('result' in named) return named.result;
        // Held here, but another process's memory: it is listed there, if that process still lives.
        const chief = await this.chiefOf(named.sighting, pace);
        return this.opening(chief.pid, (process) => {
            const same = sightVms(process).find(({ kernel }) => kernel?.identity === chief.kernel?.identity);
            if (same === undefined) throw errors.vmGone(vmIdOf(placeOf(chief)));
            return this.use(process, same, pace, use);
        });
    }

    private async opening<T>(pid: number, use: (process: VmmProcess) => Promise<T>): Promise<T> {
        const tried = `Reading the VMs of process ${pid}`;
        const process = translating(tried, pid, () => new (native().VmmProcess)(pid));
        try {
            return await use(process);
        } catch (thrown) {
            // Whatever failed, the reason is that the VMM ended meanwhile.
            if (isNativeError(thrown) && !process.alive) throw errors.processGone(pid);
            throw fromNative(thrown, tried, pid);
        } finally {
            process.close();
        }
    }

    private async use<T>(process: VmmProcess, sighting: Sighting, pace: Pace, use: (vm: OpenVm) => Promise<T>): Promise<T> {
        const place = placeOf(sighting);
        const record = sighting.kernel?.record;
        const holders = await this.holdersOf(sighting, pace);
        const summary = record === undefined ? undefined : summarizeVm(place, record, record.vcpus, holders);
        if (record === undefined || summary === undefined) throw errors.vmGone(vmIdOf(place));
        return use({ id: summary.id, fd: place.fd, identity: record.vm, process, record, summary });
    }

    private async chiefOf(sighting: Sighting, pace: Pace): Promise<Sighting> {
        this.lastScan = await scanVms(pace);
        const same = this.lastScan.sightings.filter(({ kernel }) => kernel?.identity === sighting.kernel?.identity);
        return chiefOf(same) ?? sighting;
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

/** What /proc says before the kernel is asked. */
function checkIsVmm(pid: number): void {
    const status = readStatus(pid);
    if (status === undefined) throw errors.noSuchProcess(pid);
    if (status.threadGroup !== pid) throw errors.thread(pid, status.threadGroup);
    const looked = listVmFds(pid);
    if (looked.kind === 'gone') throw errors.noSuchProcess(pid);
    if (looked.kind === 'denied') throw refused(`Looking into process ${pid}`, 'EACCES', { pid });
    if (looked.value.length === 0) throw errors.notAVmm(pid);
}

/** The VM that is meant by pid and fd, among those of the process. */
function pick({ pid, fd }: VmReference, held: readonly Sighting[]): Sighting {
    if (fd !== null) {
        const named = held.find(({ fds }) => fds.includes(fd));
        if (named === undefined) throw errors.noSuchVm(pid, fd, held.map((sighting) => placeOf(sighting).fd));
        return named;
    }
    const own = held.filter(isOwner);
    const [named, ...others] = own.length > 0 ? own : held;
    if (named === undefined) throw errors.notAVmm(pid);
    if (others.length > 0) throw errors.severalVms(pid, [named, ...others].map((sighting) => vmIdOf(placeOf(sighting))));
    return named;
}

function sightAgain(pid: number): Sighting[] {
    try {
        return withProcess(pid, sightVms);
    } catch (thrown) {
        if (isNativeError(thrown) && thrown.code === 'ESRCH') return [];
        throw thrown;
    }
}
