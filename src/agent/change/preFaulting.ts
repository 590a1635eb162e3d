/**
 * Has KVM map guest memory before the guest touches it: KVM_PRE_FAULT_MEMORY, an ioctl of a vCPU, executed in that vCPU's
 * own thread while it is outside KVM_RUN.
 */
import { toHex } from '../../common/address';
import type { OtherChangeReport } from '../../common/change';
import { errors, GuestmemError, toGuestmemError } from '../../common/errors';
import { guestMappingOf } from '../../common/pageState';
import { formatRange, type GpaRange } from '../../common/range';
import { Pace } from '../pace';
import { readPageMap } from '../pages/pageMap';
import type { OpenVm } from '../discovery/vmDirectory';
import { checkInjection, partialChange, requireDone, UncertainChange, type PreparedChange } from './preparedChange';

/** Bytes of one call. */
const largestPiece = 2n << 20n;

interface RunnableVcpu {
    readonly fd: number;
    readonly thread: number;
}

export async function preparePreFault(vm: OpenVm, range: GpaRange, vcpu: number | null, pace: Pace): Promise<PreparedChange<OtherChangeReport>> {
    const tried = `Pre-faulting ${formatRange(range)}`;
    const pages = Number(range.size >> 12n);
    const unmapped = await unmappedPages(vm, range, tried, pace);
    const executor = unmapped === 0 ? null : chooseVcpu(vm, vcpu, tried);
    const preview: OtherChangeReport = {
        change: 'pre-fault',
        executor: 'inject',
        range: formatRange(range),
        pagesChanged: unmapped,
        pagesAlready: pages - unmapped,
        warnings: unmapped === 0 ? [] : ['The host allocates what is not there yet, and there is no undo: giving the pages back would lose what the guest writes meanwhile.'],
        stoppedMicroseconds: 0,
        dryRun: true,
        undo: null,
    };
    return { preview, execute: (pace) => preFault(vm, preview, range, executor, tried, pace) };
}

async function unmappedPages(vm: OpenVm, range: GpaRange, tried: string, pace: Pace): Promise<number> {
    const { runs, unknown } = await readPageMap(vm, 0, range, false, pace);
    let pages = 0;
    let covered = 0;
    for (let i = 0; i < runs.count; i++) {
        if ((runs.memslots[i] ?? -1) < 0) continue;
        const mapping = guestMappingOf(runs.states[i] ?? 0, runs.details[i] ?? 0);
        if (mapping === null) {
            throw errors.unsupported(tried, unknown.find(({ field }) => field === 'guestMapping')?.reason ?? 'how KVM maps this memory is not known');
        }
        covered += runs.pages[i] ?? 0;
        if (mapping.level === 'none') pages += runs.pages[i] ?? 0;
    }
    if (covered !== Number(range.size >> 12n)) throw errors.outsideMemslots(formatRange(range));
    return pages;
}

/** The vCPU that was asked for, or the first that can execute the call now. */
function chooseVcpu(vm: OpenVm, wanted: number | null, tried: string): RunnableVcpu {
    const vcpus = vm.process.kvmFiles().filter((file) => file.kind === 'vcpu' && file.vm === vm.identity && (wanted === null || file.vcpu === wanted));
    let refusal: GuestmemError | undefined;
    for (const { fd, tid } of vcpus) {
        if (tid === null) continue;
        try {
            checkInjection(vm, tried, tid);
            return { fd, thread: tid };
        } catch (thrown) {
            refusal = toGuestmemError(thrown);
        }
    }
    if (refusal === undefined) throw errors.unsupported(tried, wanted === null ? 'no vCPU of the VM has run yet' : `there is no vCPU ${wanted} that has run`);
    if (refusal.code !== 'no-thread') throw refusal;
    throw new GuestmemError('no-thread', `${tried} was refused: only a vCPU's own thread can do it, outside KVM_RUN, and each is busy (${refusal.message}). Pause the VM (QEMU: stop) and try again.`, refusal.data);
}

async function preFault(vm: OpenVm, preview: OtherChangeReport, range: GpaRange, vcpu: RunnableVcpu | null, tried: string, pace: Pace): Promise<OtherChangeReport> {
    if (vcpu === null) return { ...preview, dryRun: false };
    const end = range.start + range.size;
    let stoppedMicroseconds = 0;
    let called = false;
    // KVM may have unmapped further pages meanwhile.
    const doneOf = (left: number) => Math.max(0, preview.pagesChanged - left);
    const report = (pagesChanged: number): OtherChangeReport => ({ ...preview, pagesChanged, stoppedMicroseconds: Math.round(stoppedMicroseconds), dryRun: false });
    pace.begin(Number(range.size >> 12n));
    try {
        for (let gpa: bigint = range.start; gpa < end; gpa += largestPiece) {
            await pace.breathe();
            pace.throwIfCancelled();
            const size = end - gpa < largestPiece ? end - gpa : largestPiece;
            const call = `KVM_PRE_FAULT_MEMORY on ${toHex(gpa)}+${toHex(size)}`;
            stoppedMicroseconds += requireDone(vm, call, vm.process.preFault(vm.fd, vm.identity, vcpu.fd, vcpu.thread, gpa, size));
            called = true;
            pace.advance(Number(size >> 12n));
        }
    } catch (thrown) {
        const left = await pagesLeft(vm, range, tried);
        const done = typeof left === 'string' ? 0 : doneOf(left);
        const mayHaveDone = done > 0 || (called && typeof left === 'string') || thrown instanceof UncertainChange;
        if (!mayHaveDone) throw thrown;
        throw partialChange(report(done), preview.pagesChanged, thrown);
    }
    const left = await pagesLeft(vm, range, tried);
    const warnings = left === 0 ? [] : [leftWarning(left)];
    return { ...report(typeof left === 'string' ? preview.pagesChanged : doneOf(left)), warnings: [...preview.warnings, ...warnings] };
}

const leftWarning = (left: number | string) =>
    typeof left === 'string'
        ? `KVM was asked to map all pages, and whether it did could not be read: ${left}`
        : `${left} pages are not mapped afterwards: KVM did not map them, or has already unmapped them again.`;

/** How many pages are still not mapped, or why that cannot be read. It is not cancelled: what was done must be told. */
async function pagesLeft(vm: OpenVm, range: GpaRange, tried: string): Promise<number | string> {
    try {
        return await unmappedPages(vm, range, tried, new Pace(new AbortController().signal));
    } catch (thrown) {
        return thrown instanceof Error ? thrown.message : String(thrown);
    }
}
