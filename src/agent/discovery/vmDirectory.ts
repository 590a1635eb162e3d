/**
 * Which VMs there are, and which one a `<vm>` argument means. A VM is its `struct kvm`: it is listed once, under the
 * process whose address space it uses, at that process's lowest fd; all other fds and processes are its holders. One
 * whose VM fds are all closed is listed at what keeps it alive.
 */
import type { VmIdentity, VmmProcess, VmRecord } from '../../../native/index';
import { toHex } from '../../common/address';
import { errors } from '../../common/errors';
import type { VmHolder, VmList, VmSummary } from '../../common/model';
import { readConvertsInPlace } from '../host/inPlaceConversion';
import { findKvmMappings } from './kvmMappings';
import { native } from '../native';
import { fromNative, isNativeError, refused, translating } from '../nativeErrors';
import type { Pace } from '../pace';
import { goesOnWithoutMainThread, listKvmLinks, readStatus, requireOwnProc } from './processes';
import { placeOf, scanVms, sightAgain, sightMappedVms, sightVms, strength, type Scan, type Sighting } from './vmScan';
import { noTypeReason, summarizeVm, vmIdOf } from './vmSummary';
import type { VmReference } from '../validate';

/** A VM as a request works on it; its process handles close with the request. */
export interface OpenVm {
    readonly id: string;
    /** Of any KVM file of the VM. */
    readonly fd: number;
    readonly identity: VmIdentity;
    readonly process: VmmProcess;
    /** Other processes that hold the VM, or a guest_memfd of it. */
    readonly otherHolders: readonly VmmProcess[];
    /** Read when it was opened. */
    readonly record: VmRecord;
    readonly summary: VmSummary;
    /** Each guest_memfd has attributes of its own, and those of the VM do not count. */
    readonly convertsInPlace: boolean;
}

/** A VM that only mappings keep: what can be told of it is what they map. */
export interface MappedVm {
    readonly identity: VmIdentity;
    readonly process: VmmProcess;
    readonly summary: VmSummary;
}

const onlyMapped = ({ summary }: MappedVm): never => {
    throw errors.onlyMapped(summary.id);
};

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
        if (scan.sightings.some(({ identity }) => identity === null)) {
            unknown.push({
                field: 'holders',
                reason: 'which file descriptors name the same VM is known only to the kernel, which could not be asked',
            });
        }
        if (scan.sightings.some(({ record }) => record?.type === null)) unknown.push({ field: 'type', reason: noTypeReason });
        for (const sighting of scan.sightings) {
            const id = vmIdOf(placeOf(sighting));
            if (sighting.record?.consistent === false) {
                unknown.push({ field: 'memory', reason: `the memslots of ${id} kept changing while they were read` });
            }
            if (sighting.heldBy === 'mapping') {
                unknown.push({ field: 'memory', reason: `${id} has no file descriptor left, through which vCPUs, memory and type are read` });
            }
        }
        return { vms: vms.sort((a, b) => a.pid - b.pid || a.fd - b.fd), unknown };
    }

    /**
     * Finds the VM, opens its process for the time of `use`, and translates what the addon throws meanwhile. A VM that
     * only a mapping keeps goes to `useMapped`; without that it is refused.
     */
    async withVm<T>(
        reference: VmReference,
        pace: Pace,
        use: (vm: OpenVm) => Promise<T>,
        useMapped: (vm: MappedVm) => Promise<T> = onlyMapped,
    ): Promise<T> {
        requireOwnProc();
        const hasKvmFds = checkProcess(reference.pid);
        const named = await this.opening(reference.pid, async (process) => {
            const sighting = await find(reference, hasKvmFds ? sightVms(process) : [], pace);
            return isChief(sighting) ? { result: await this.use(process, sighting, pace, use) } : { sighting };
        });
        if ('result' in named) return named.result;
        // Held here, but another process's memory: it is listed there, if that process still lives.
        const chief = await this.chiefOf(named.sighting, pace);
        return this.opening(chief.pid, (process) => {
            if (chief.heldBy === 'mapping') return this.useMapped(process, chief, useMapped);
            const same = sightVms(process).find(({ identity }) => identity === chief.identity);
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
        const { record } = sighting;
        const others = await this.othersThatHold(sighting, pace);
        const holders = holdersBeside(sighting, [sighting, ...others]);
        const summary = record === null ? undefined : summarizeVm(place, record, record.vcpus, holders, sighting.heldBy);
        if (record === null || summary === undefined) throw errors.vmGone(vmIdOf(place));
        const otherHolders = openAll(new Set(others.map(({ pid }) => pid)));
        try {
            const convertsInPlace = readConvertsInPlace();
            return await use({ id: summary.id, fd: place.fd, identity: record.vm, process, otherHolders, record, summary, convertsInPlace });
        } finally {
            for (const other of otherHolders) other.close();
        }
    }

    private async useMapped<T>(process: VmmProcess, sighting: Sighting, use: (vm: MappedVm) => Promise<T>): Promise<T> {
        const summary = summarize([sighting]);
        if (sighting.identity === null || summary === undefined) throw errors.vmGone(vmIdOf(placeOf(sighting)));
        return use({ identity: sighting.identity, process, summary });
    }

    private async chiefOf(sighting: Sighting, pace: Pace): Promise<Sighting> {
        this.lastScan = await scanVms(pace);
        return chiefOf(this.lastScan.sightings.filter(({ identity }) => identity === sighting.identity)) ?? sighting;
    }

    /** Other processes of the last scan that still hold the VM by an fd. */
    private async othersThatHold({ pid, identity }: Sighting, pace: Pace): Promise<Sighting[]> {
        this.lastScan ??= await scanVms(pace);
        return this.lastScan.sightings
            .filter((other) => other.pid !== pid && other.identity === identity && other.heldBy !== 'mapping')
            .flatMap((other) => sightAgain(other.pid).filter((again) => again.identity === identity));
    }
}

/** Nothing comes before it: where such a sighting is, the VM is listed. */
const isChief = ({ heldBy, record }: Sighting): boolean => heldBy === 'vm' && record?.ownedByProcess === true;

/** The sightings of each VM; those of which only /proc tells are VMs of their own. */
function groupByVm(sightings: readonly Sighting[]): Sighting[][] {
    const groups = new Map<VmIdentity | Sighting, Sighting[]>();
    for (const sighting of sightings) {
        const key = sighting.identity ?? sighting;
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [sighting]);
        else group.push(sighting);
    }
    return [...groups.values()];
}

/**
 * Where a VM is listed: where there is a VM fd, else a vCPU's, and so on; of several processes, under the owner, else
 * (the owner is gone) the first holder. Two processes can share one address space (vfork); the older one has the lower pid.
 */
function chiefOf(sightings: readonly Sighting[]): Sighting | undefined {
    const rank = ({ heldBy, record }: Sighting) => 2 * strength.indexOf(heldBy) + (record?.ownedByProcess === true ? 0 : 1);
    return [...sightings].sort((a, b) => rank(a) - rank(b) || a.pid - b.pid)[0];
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
    const { record, heldBy } = chief;
    const vcpus = record?.vcpus ?? (heldBy === 'vm' ? vcpusFromLinks(chief.pid) : null);
    return summarizeVm(placeOf(chief), record, vcpus, holdersBeside(chief, sightings), heldBy);
}

/** Without BPF the vCPU fds tell the number, if the process has only one VM. */
function vcpusFromLinks(pid: number): number | null {
    const looked = listKvmLinks(pid);
    if (looked.kind !== 'found') return null;
    const vms = looked.value.filter(({ kind }) => kind === 'vm');
    const vcpus = looked.value.filter(({ kind }) => kind === 'vcpu').map(({ link }) => link);
    return vms.length === 1 ? new Set(vcpus).size : null;
}

function openAll(pids: Iterable<number>): VmmProcess[] {
    const opened: VmmProcess[] = [];
    for (const pid of pids) {
        try {
            opened.push(new (native().VmmProcess)(pid));
        } catch (thrown) {
            if (!isNativeError(thrown) || thrown.code !== 'ESRCH') throw thrown;
        }
    }
    return opened;
}

/** What /proc says before the kernel is asked: whether the process has fds that look like KVM's. */
function checkProcess(pid: number): boolean {
    const status = readStatus(pid);
    if (status === undefined) throw errors.noSuchProcess(pid);
    if (status.threadGroup !== pid) throw errors.thread(pid, status.threadGroup);
    if (status.mainThreadEnded && goesOnWithoutMainThread(pid)) throw errors.mainThreadEnded(pid);
    const looked = listKvmLinks(pid);
    if (looked.kind === 'gone') throw errors.noSuchProcess(pid);
    if (looked.kind === 'denied') throw refused(`Looking into process ${pid}`, 'EACCES', { pid });
    return looked.value.length > 0;
}

/** Among the VMs that the process holds by an fd; where it has none, or an address is given, among those that it maps. */
async function find(reference: VmReference, held: readonly Sighting[], pace: Pace): Promise<Sighting> {
    if (held.length > 0 && reference.hva === null) return pick(reference, held);
    const { mappings } = await findKvmMappings(pace);
    return pick(reference, sightMappedVms((mappings ?? []).filter(({ pid }) => pid === reference.pid), new Set()));
}

/** The VM that is meant, among those of the process. */
function pick({ pid, fd, hva }: VmReference, held: readonly Sighting[]): Sighting {
    const ids = () => held.map((sighting) => vmIdOf(placeOf(sighting)));
    if (held.length === 0) throw errors.notAVmm(pid);
    if (fd !== null || hva !== null) {
        const named = held.find((sighting) => (fd === null ? sighting.hva === hva : sighting.fds.includes(fd)));
        if (named === undefined) throw errors.noSuchVm(pid, fd === null ? toHex(hva ?? 0n) : `fd ${fd}`, ids());
        return named;
    }
    const own = held.filter(({ record }) => record?.ownedByProcess === true);
    const [named, ...others] = own.length > 0 ? own : held;
    if (named === undefined) throw errors.notAVmm(pid);
    if (others.length > 0) throw errors.severalVms(pid, [named, ...others].map((sighting) => vmIdOf(placeOf(sighting))));
    return named;
}
