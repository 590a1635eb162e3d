/**
 * Makes guest memory private or shared, by KVM_SET_MEMORY_ATTRIBUTES inside the VMM, in pieces; or gives runs back the
 * attributes that they had. A change happens fully or is reported with exactly what was done.
 */
import { formatSize, toHex } from '../../common/address';
import type { AttributeRun, ConvertReport } from '../../common/change';
import { errors, GuestmemError } from '../../common/errors';
import type { Attribute } from '../../common/model';
import { formatRange, makeRange, type GpaRange } from '../../common/range';
import { attributeRuns } from '../pages/attributeRuns';
import { hasVmScope } from '../pages/attributeScope';
import { privateAttribute, walkAttributes } from '../pages/attributeWalk';
import { slotRows } from '../details/memslots';
import type { Pace } from '../pace';
import { windowOf, type Window } from '../pages/window';
import type { OpenVm } from '../discovery/vmDirectory';
import { hasPrivateMemory } from '../discovery/vmSummary';
import { planConversion, planPieces, type ConvertPlan } from './conversionPlan';
import { conversionWarnings } from './conversionWarnings';
import { checkInjection, partialChange, requireDone, requireOwner, UncertainChange, type PreparedChange } from './preparedChange';

/** Pages without memslot that one conversion may cover, 4 GiB: the hole below 4 GiB, not a digit too many. */
const outsideLimit = 2 ** 20;

/** Runs that an undo holds at most: more are not kept, and the conversion has no undo. */
const undoLimit = 10_000;

/** A range that shall have one attribute. */
interface Target {
    readonly range: GpaRange;
    readonly to: Attribute;
}

export async function prepareConversion(vm: OpenVm, range: GpaRange, to: Attribute, pace: Pace): Promise<PreparedChange<ConvertReport>> {
    return prepare(vm, 'convert', [{ range, to }], pace);
}

/** `runs` are sorted and disjoint. */
export async function prepareRestoration(vm: OpenVm, runs: readonly (GpaRange & { readonly attribute: Attribute })[], pace: Pace): Promise<PreparedChange<ConvertReport>> {
    return prepare(vm, 'restore', runs.map(({ start, size, attribute }) => ({ range: makeRange(start, size), to: attribute })), pace);
}

async function prepare(vm: OpenVm, change: ConvertReport['change'], targets: readonly Target[], pace: Pace): Promise<PreparedChange<ConvertReport>> {
    requireOwner(vm, `Converting memory of the VM ${vm.id}`);
    checkPrivateMemory(vm);
    const slots = slotRows(vm.record.memslots);
    const plans: Planned[] = [];
    let stood = true;
    checkCovered(vm, targets);
    for (const { range, to } of targets) {
        const window = windowOf(range);
        const { layer, consistent } = await walkAttributes(vm, window.gfn, window.end, slots, pace);
        plans.push({ window, to, plan: planConversion(window, layer, to) });
        stood &&= consistent;
    }
    const sum = (of: (plan: ConvertPlan) => number) => plans.reduce((pages, { plan }) => pages + of(plan), 0);
    const previousRuns = joined(plans.flatMap(({ plan }) => plan.previousRuns));
    const pagesChanged = sum((plan) => plan.pagesChanged);
    const wanted = [...new Set(targets.map(({ to }) => to))];
    const preview: ConvertReport = {
        change,
        executor: 'inject',
        range: extentOf(targets),
        to: wanted.length === 1 ? (wanted[0] ?? null) : null,
        pagesChanged,
        pagesAlready: sum((plan) => plan.pagesAlready),
        previousRuns,
        warnings: [
            ...wanted.flatMap((to) => warningsFor(plans.filter((planned) => planned.to === to), slots, vm, to)),
            ...(stood ? [] : ['The guest or the VMM converts memory all the time: the runs as they were, which an undo restores, mix several moments.']),
        ],
        stoppedMicroseconds: 0,
        dryRun: true,
        undo: pagesChanged > 0 && previousRuns.length <= undoLimit ? { kind: 'restore', runs: previousRuns } : null,
    };
    if (pagesChanged > 0) checkInjection(vm, `Changing memory attributes inside the VMM ${vm.process.pid}`);
    return { preview, execute: (pace) => new Conversion(vm, preview, plans, pace).run() };
}

interface Planned {
    readonly window: Window;
    readonly to: Attribute;
    readonly plan: ConvertPlan;
}

function warningsFor(plans: readonly Planned[], slots: ReturnType<typeof slotRows>, vm: OpenVm, to: Attribute): string[] {
    const changed = plans.flatMap(({ plan }) => plan.toChange);
    return changed.length === 0 ? [] : conversionWarnings(changed, slots, vm.summary.type, to);
}

/** Runs of neighbouring targets that touch and agree are one. */
function joined(runs: readonly AttributeRun[]): AttributeRun[] {
    const all: AttributeRun[] = [];
    for (const run of runs) {
        const last = all.at(-1);
        if (last?.attribute === run.attribute && BigInt(last.gpa) + BigInt(last.size) === BigInt(run.gpa)) {
            all[all.length - 1] = { ...last, size: toHex(BigInt(last.size) + BigInt(run.size)) };
        } else all.push(run);
    }
    return all;
}

function extentOf(targets: readonly Target[]): string {
    const first = targets[0]?.range;
    const last = targets.at(-1)?.range;
    if (first === undefined || last === undefined) throw errors.usage('There is nothing to restore: give at least one run.');
    return formatRange({ start: first.start, size: last.start + last.size - first.start });
}

function checkPrivateMemory(vm: OpenVm): void {
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
}

/** All targets together: a run that is restored may itself lie where no memslot is. */
function checkCovered(vm: OpenVm, targets: readonly Target[]): void {
    const windows = targets.map(({ range }) => windowOf(range));
    const slots = slotRows(vm.record.memslots);
    const insideOf = (addressSpace: number) =>
        slots
            .filter((slot) => slot.addressSpace === addressSpace)
            .reduce((sum, slot) => windows.reduce((pages, { gfn, end }) => pages + Math.max(0, Math.min(slot.end, end) - Math.max(slot.gfn, gfn)), sum), 0);
    // Attributes belong to the VM: the memslots of any address space make them meaningful.
    const inside = Math.max(...Array.from({ length: vm.record.addressSpaces }, (_, addressSpace) => insideOf(addressSpace)));
    const range = extentOf(targets);
    if (inside === 0) throw errors.outsideMemslots(range);
    const outside = windows.reduce((sum, { gfn, end }) => sum + end - gfn, 0) - inside;
    if (outside > outsideLimit) {
        throw new GuestmemError(
            'outside-memslots',
            `${formatSize(BigInt(outside) << 12n)} of ${range} have no memslot. Attributes there cost the kernel memory for every page, so no more than ${formatSize(BigInt(outsideLimit) << 12n)} of them are converted at a time. Name the parts that have memslots.`,
            { range, outside: toHex(BigInt(outside) << 12n) },
        );
    }
}

class Conversion {
    private readonly done: Window[] = [];
    private pagesChanged = 0;
    private stoppedMicroseconds = 0;
    private uncertain = false;

    constructor(
        private readonly vm: OpenVm,
        private readonly preview: ConvertReport,
        private readonly plans: readonly Planned[],
        private readonly pace: Pace,
    ) {}

    async run(): Promise<ConvertReport> {
        this.pace.begin(this.preview.pagesChanged);
        try {
            for (const { to, plan } of this.plans) {
                for (const piece of planPieces(plan.toChange)) {
                    // Before a piece, never after the last one: what is done to the end is not cancelled any more.
                    await this.pace.breathe();
                    this.pace.throwIfCancelled();
                    this.convertPiece(piece, to);
                    this.done.push({ gfn: piece.gfn, end: piece.end });
                    this.pagesChanged += piece.changes;
                    this.pace.advance(piece.changes);
                }
            }
        } catch (thrown) {
            if (this.done.length === 0 && !this.uncertain) throw thrown;
            const done = this.done.map(({ gfn, end }) => ({ gpa: toHex(BigInt(gfn) << 12n), size: toHex(BigInt(end - gfn) << 12n) }));
            throw partialChange(this.reportNow(), this.preview.pagesChanged, thrown, { done });
        }
        const report = this.reportNow();
        return { ...report, warnings: [...report.warnings, ...(await this.changedAgain())] };
    }

    private convertPiece({ gfn, end }: Window, to: Attribute): void {
        const gpa = BigInt(gfn) << 12n;
        const size = BigInt(end - gfn) << 12n;
        const tried = `KVM_SET_MEMORY_ATTRIBUTES on ${toHex(gpa)}+${toHex(size)} inside the VMM ${this.vm.process.pid}`;
        const attributes = to === 'private' ? privateAttribute : 0;
        try {
            const outcome = this.vm.process.setMemoryAttributes(this.vm.fd, this.vm.identity, gpa, size, attributes);
            this.stoppedMicroseconds += requireDone(this.vm, tried, outcome);
        } catch (thrown) {
            if (thrown instanceof UncertainChange) {
                this.uncertain = true;
                this.stoppedMicroseconds += thrown.stoppedMicroseconds;
            }
            throw thrown;
        }
    }

    /**
     * What the kernel says afterwards: pages that the guest or the VMM has converted again are told, not failed. Nor
     * does it fail when the VM has ended meanwhile or the user cancels: the change was made, and the report must say so.
     */
    private async changedAgain(): Promise<readonly string[]> {
        const { range } = this.preview;
        let differing = 0;
        try {
            for (const { window, to } of this.plans) differing += await this.differing(window, to);
        } catch (thrown) {
            const cause = thrown instanceof Error ? thrown.message : String(thrown);
            return [`All of ${range} was set, and could not be read again to see whether it still is so: ${cause}`];
        }
        if (differing === 0) return [];
        return [
            `All of ${range} was set, but ${differing} of its pages are otherwise again: the guest or the VMM converts them itself. Look at the map, and pause the guest to convert them for good.`,
        ];
    }

    private async differing(window: Window, to: Attribute): Promise<number> {
        const slots = slotRows(this.vm.record.memslots);
        const { layer } = await walkAttributes(this.vm, window.gfn, window.end, slots, this.pace);
        return attributeRuns(window, layer)
            .filter(({ attribute }) => attribute !== to)
            .reduce((sum, { gfn, end }) => sum + end - gfn, 0);
    }

    private reportNow(): ConvertReport {
        return {
            ...this.preview,
            pagesChanged: this.pagesChanged,
            stoppedMicroseconds: Math.round(this.stoppedMicroseconds),
            dryRun: false,
        };
    }
}
