/**
 * Converts guest memory between private and shared, by KVM_SET_MEMORY_ATTRIBUTES inside the VMM, in pieces. A change
 * happens fully or is reported with exactly what was done.
 */
import type { InjectOutcome } from '../../native/index';
import { formatSize, toHex } from '../common/address';
import { errors, GuestmemError } from '../common/errors';
import type { Attribute, ConvertReport } from '../common/model';
import { formatRange, type GpaRange } from '../common/range';
import { attributeRuns, planConversion, planPieces, type ConvertPlan } from './convertPlan';
import { conversionWarnings } from './convertWarnings';
import { hasVmScope } from './attributeScope';
import { privateAttribute, walkAttributes } from './attributeWalk';
import type { Layer } from './layer';
import { slotRows } from './memslots';
import type { Pace } from './pace';
import { windowOf, type Window } from './pageMap';
import type { OpenVm } from './vmDirectory';
import { hasPrivateMemory } from './vmSummary';

/** Pages without memslot that one conversion may cover, 4 GiB: the hole below 4 GiB, not a digit too many. */
const outsideLimit = 2 ** 20;

export async function convertMemory(
    vm: OpenVm,
    range: GpaRange,
    to: Attribute,
    dryRun: boolean,
    pace: Pace,
): Promise<ConvertReport> {
    checkConvertible(vm, range);
    const window = windowOf(range);
    const slots = slotRows(vm.record.memslots);
    const { layer } = await walkAttributes(vm, window.gfn, window.end, slots, pace);
    const plan = planConversion(window, layer, to);
    const report: ConvertReport = {
        executor: 'inject',
        range: formatRange(range),
        to,
        pagesChanged: plan.pagesChanged,
        pagesAlready: plan.pagesAlready,
        previousRuns: plan.previousRuns,
        warnings: plan.pagesChanged === 0 ? [] : conversionWarnings(plan.toChange, slots, vm.summary.type, to),
        stoppedMicroseconds: 0,
        dryRun,
    };
    if (plan.pagesChanged === 0) return report;
    const refusal = vm.process.checkInjection(vm.fd, vm.identity, 0);
    if (refusal !== null) throw refusalError(vm, refusal);
    return dryRun ? report : await new Conversion(vm, report, plan, pace).run(window);
}

function checkConvertible(vm: OpenVm, range: GpaRange): void {
    checkHasVmm(vm);
    if (!hasPrivateMemory(vm.record)) {
        throw errors.unsupported(
            `Converting memory of the VM ${vm.id}`,
            `it is of type ${vm.summary.type ?? 'unknown'}, which has no private memory; VMs of type sw-protected, snp and tdx have`,
            { type: vm.summary.type },
        );
    }
    if (vm.convertsInPlace) {
        throw errors.unsupported(
            `Converting memory of the VM ${vm.id}`,
            'KVM was loaded with gmem_in_place_conversion: private or shared is then decided by each guest_memfd, and guestmem changes the attributes of the VM only. Let the VMM convert it',
        );
    }
    if (!hasVmScope(vm)) {
        throw errors.unsupported(
            `Converting memory of the VM ${vm.id}`,
            'this kernel keeps no memory attributes for a VM (CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES)',
        );
    }
    const { gfn, end } = windowOf(range);
    const slots = slotRows(vm.record.memslots);
    const insideOf = (addressSpace: number) =>
        slots
            .filter((slot) => slot.addressSpace === addressSpace)
            .reduce((sum, slot) => sum + Math.max(0, Math.min(slot.end, end) - Math.max(slot.gfn, gfn)), 0);
    // Attributes belong to the VM: the memslots of any address space make them meaningful.
    const inside = Math.max(...Array.from({ length: vm.record.addressSpaces }, (_, addressSpace) => insideOf(addressSpace)));
    if (inside === 0) throw errors.outsideMemslots(formatRange(range));
    const outside = end - gfn - inside;
    if (outside > outsideLimit) {
        throw new GuestmemError(
            'outside-memslots',
            `${formatSize(BigInt(outside) << 12n)} of ${formatRange(range)} have no memslot. Attributes there cost the kernel memory for every page, so no more than ${formatSize(BigInt(outsideLimit) << 12n)} of them are set at once: name a range that ends with the memslots.`,
            { range: formatRange(range), outside: toHex(BigInt(outside) << 12n) },
        );
    }
}

/** KVM takes the call from the process whose memory the VM uses, and on the VM's own fd; it answers EIO to others. */
function checkHasVmm({ id, record, summary, process }: OpenVm): void {
    const { heldBy } = summary;
    if (heldBy === 'vm' && record.ownedByProcess) return;
    const found =
        heldBy === 'vm'
            ? `process ${process.pid} only holds it, and the process whose memory it uses, from which alone KVM takes the call, has gone`
            : `no process holds a VM file descriptor of it any more, on which KVM takes the call; process ${process.pid} keeps it alive by a ${heldBy === 'vcpu' ? 'vCPU' : 'guest_memfd'}`;
    throw errors.unsupported(`Converting memory of the VM ${id}`, found, { heldBy });
}

/** A refusal before anything was changed. */
function refusalError(vm: OpenVm, { reason, detail, tracer }: Extract<InjectOutcome, { kind: 'refused' }>): GuestmemError {
    const tried = `Changing memory attributes inside the VMM ${vm.process.pid}`;
    const data = { pid: vm.process.pid, detail, ...(tracer === undefined ? {} : { tracer }) };
    switch (reason) {
        case 'seccomp':
            return new GuestmemError('seccomp', `${tried} was refused: ${detail}. Let its seccomp filter permit ioctl with the request 0x4020aed2 (KVM_SET_MEMORY_ATTRIBUTES) on one of its threads, or start it without its sandbox.`, data);
        case 'traced':
            return new GuestmemError('debugger-attached', `${tried} was refused: another process traces it (${detail}). Detach that debugger and try again.`, data);
        case 'no-thread':
            return new GuestmemError('no-thread', `${tried} was refused: none of its threads can safely execute the call now (${detail}). Try again.`, data);
        case 'vm-changed':
            return errors.vmGone(vm.id);
        case 'not-permitted':
            return errors.notPermitted(tried, detail, 'Run guestmem as root, for example with sudo.', data);
        case 'unsupported':
            return errors.unsupported(tried, detail, data);
    }
}

class Conversion {
    private readonly done: Window[] = [];
    private pagesChanged = 0;
    private stoppedMicroseconds = 0;
    /** A piece was begun of which nobody knows whether it was done. */
    private uncertain = false;

    constructor(
        private readonly vm: OpenVm,
        private readonly report: ConvertReport,
        private readonly plan: ConvertPlan,
        private readonly pace: Pace,
    ) {}

    async run(window: Window): Promise<ConvertReport> {
        this.pace.begin(this.plan.pagesChanged);
        for (const piece of planPieces(this.plan.toChange)) {
            try {
                // Before a piece, never after the last one: what is done to the end is not cancelled any more.
                await this.pace.breathe();
                this.pace.throwIfCancelled();
                this.convertPiece(piece);
                this.done.push({ gfn: piece.gfn, end: piece.end });
                this.pagesChanged += piece.changes;
                this.pace.advance(piece.changes);
            } catch (thrown) {
                throw this.done.length > 0 || this.uncertain ? this.partial(thrown) : thrown;
            }
        }
        const report = this.reportNow();
        return { ...report, warnings: [...report.warnings, ...(await this.changedAgain(window))] };
    }

    private convertPiece({ gfn, end }: Window): void {
        const attributes = this.report.to === 'private' ? privateAttribute : 0;
        const gpa = BigInt(gfn) << 12n;
        const size = BigInt(end - gfn) << 12n;
        const outcome = this.vm.process.setMemoryAttributes(this.vm.fd, this.vm.identity, gpa, size, attributes);
        if (outcome.kind === 'refused') throw refusalError(this.vm, outcome);
        this.stoppedMicroseconds += outcome.stoppedMicroseconds;
        if (outcome.kind === 'unknown') {
            this.uncertain = true;
            throw new GuestmemError(
                'kernel',
                `KVM_SET_MEMORY_ATTRIBUTES on ${toHex(gpa)}+${toHex(size)} was begun in thread ${outcome.tid} and its result could not be awaited (${outcome.detail}): it may have been done or not. Look at the map again.`,
                { gpa: toHex(gpa), size: toHex(size), tid: outcome.tid },
            );
        }
        if (outcome.error !== null) {
            throw errors.kernel(`KVM_SET_MEMORY_ATTRIBUTES on ${toHex(gpa)}+${toHex(size)} inside the VMM`, outcome.error, {
                tid: outcome.tid,
            });
        }
    }

    /**
     * What the kernel says afterwards: pages that the guest or the VMM has converted again are told, not failed. Nor
     * does it fail when the VM has ended meanwhile or the user cancels: the change was made, and the report must say so.
     */
    private async changedAgain(window: Window): Promise<readonly string[]> {
        let layer: Layer;
        try {
            const slots = slotRows(this.vm.record.memslots);
            ({ layer } = await walkAttributes(this.vm, window.gfn, window.end, slots, this.pace));
        } catch (thrown) {
            const cause = thrown instanceof Error ? thrown.message : String(thrown);
            return [`All of ${this.report.range} was set ${this.report.to}, and could not be read again to see whether it still is: ${cause}`];
        }
        const differing = attributeRuns(window, layer)
            .filter(({ attribute }) => attribute !== this.report.to)
            .reduce((sum, { gfn, end }) => sum + end - gfn, 0);
        if (differing === 0) return [];
        return [
            `All of ${this.report.range} was set ${this.report.to}, but ${differing} of its pages no longer are: the guest or the VMM converts them itself. Look at the map, and pause the guest to convert them for good.`,
        ];
    }

    private partial(thrown: unknown): GuestmemError {
        const cause = thrown instanceof Error ? thrown.message : String(thrown);
        const { pagesChanged } = this.plan;
        const message = `Converting ${this.report.range} to ${this.report.to} stopped after ${this.pagesChanged} of ${pagesChanged} pages: ${cause}`;
        const done = this.done.map(({ gfn, end }) => ({ gpa: toHex(BigInt(gfn) << 12n), size: toHex(BigInt(end - gfn) << 12n) }));
        return new GuestmemError('partial-change', message, { ...this.reportNow(), done, cause });
    }

    private reportNow(): ConvertReport {
        return {
            ...this.report,
            pagesChanged: this.pagesChanged,
            stoppedMicroseconds: Math.round(this.stoppedMicroseconds),
        };
    }
}
