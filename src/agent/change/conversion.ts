/**
 * Makes guest memory private or shared, in pieces, or gives runs back the attributes that they had. A change happens fully
 * or is reported with exactly what was done.
 */
import { toHex } from '../../common/address';
import type { AttributeRun, ConvertReport } from '../../common/change';
import { errors } from '../../common/errors';
import type { Attribute } from '../../common/model';
import { formatRange, makeRange, type GpaRange } from '../../common/range';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import { attributeRuns } from '../pages/attributeRuns';
import { windowOf, type Window } from '../pages/window';
import type { AttributeKeeper } from './attributeKeeper';
import { keeperOf } from './keeperOf';
import { planConversion, planPieces, type ConvertPlan } from './conversionPlan';
import type { AskClient } from './debuggerExecutor';
import type { PlannedPiece } from './conversionTime';
import { partialChange, UncertainChange, type PreparedChange } from './preparedChange';

/** Runs that an undo holds at most: more are not kept, and the conversion has no undo. */
const undoLimit = 10_000;

/** A range that shall have one attribute. */
interface Target {
    readonly range: GpaRange;
    readonly to: Attribute;
}

export async function prepareConversion(vm: OpenVm, range: GpaRange, to: Attribute, pace: Pace, client?: AskClient): Promise<PreparedChange<ConvertReport>> {
    return prepare(vm, 'convert', [{ range, to }], pace, client);
}

/** `runs` are sorted and disjoint. */
export async function prepareRestoration(vm: OpenVm, runs: readonly (GpaRange & { readonly attribute: Attribute })[], pace: Pace, client?: AskClient): Promise<PreparedChange<ConvertReport>> {
    return prepare(vm, 'restore', runs.map(({ start, size, attribute }) => ({ range: makeRange(start, size), to: attribute })), pace, client);
}

async function prepare(vm: OpenVm, change: ConvertReport['change'], targets: readonly Target[], pace: Pace, client?: AskClient): Promise<PreparedChange<ConvertReport>> {
    const keeper = keeperOf(vm);
    const range = extentOf(targets);
    keeper.require(targets.map(({ range }) => windowOf(range)), range);
    const plans: Planned[] = [];
    let stood = true;
    for (const { range, to } of targets) {
        for (const window of keeper.parts(windowOf(range))) {
            const { layer, consistent } = await keeper.read(window, pace);
            plans.push({ window, to, plan: planConversion(window, layer, to) });
            stood &&= consistent;
        }
    }
    const sum = (of: (plan: ConvertPlan) => number) => plans.reduce((pages, { plan }) => pages + of(plan), 0);
    const previousRuns = joined(plans.flatMap(({ plan }) => plan.previousRuns));
    const pagesChanged = sum((plan) => plan.pagesChanged);
    const wanted = [...new Set(targets.map(({ to }) => to))];
    const method = pagesChanged === 0 ? [] : await keeper.check(client, pace);
    const preview: ConvertReport = {
        change,
        executor: keeper.executor,
        range,
        to: wanted.length === 1 ? (wanted[0] ?? null) : null,
        pagesChanged,
        pagesAlready: sum((plan) => plan.pagesAlready),
        previousRuns,
        kernelTime: null,
        unknown: [],
        warnings: [
            ...method,
            ...wanted.flatMap((to) => warningsFor(keeper, plans, to)),
            ...(stood ? [] : ['The guest or the VMM converts memory all the time: the runs as they were, which an undo restores, mix several moments.']),
        ],
        stoppedMicroseconds: 0,
        dryRun: true,
        undo: pagesChanged > 0 && previousRuns.length <= undoLimit ? { kind: 'restore', runs: previousRuns } : null,
    };
    const estimate = (): ConvertReport => {
        if (pagesChanged === 0) return preview;
        const time = keeper.kernelTime(piecesOf(plans));
        return typeof time === 'string' ? { ...preview, unknown: [{ field: 'kernelTime', reason: time }] } : { ...preview, kernelTime: time };
    };
    return { preview, estimate, execute: (pace) => new Conversion(keeper, preview, plans, pace).run() };
}

/** One at a time, as planPieces makes them. */
function* piecesOf(plans: readonly Planned[]): Generator<PlannedPiece & { readonly changes: number }> {
    for (const { to, plan } of plans) for (const piece of planPieces(plan.toChange)) yield { ...piece, to };
}

interface Planned {
    readonly window: Window;
    readonly to: Attribute;
    readonly plan: ConvertPlan;
}

function warningsFor(keeper: AttributeKeeper, plans: readonly Planned[], to: Attribute): readonly string[] {
    const changed = plans.filter((planned) => planned.to === to).flatMap(({ plan }) => plan.toChange);
    return changed.length === 0 ? [] : keeper.warnings(changed, to);
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

class Conversion {
    private readonly done: Window[] = [];
    private pagesChanged = 0;
    private stoppedMicroseconds = 0;
    private uncertain = false;

    constructor(
        private readonly keeper: AttributeKeeper,
        private readonly preview: ConvertReport,
        private readonly plans: readonly Planned[],
        private readonly pace: Pace,
    ) {}

    async run(): Promise<ConvertReport> {
        this.pace.begin(this.preview.pagesChanged);
        try {
            for (const piece of piecesOf(this.plans)) {
                // Before a piece, never after the last one: what is done to the end is not cancelled any more.
                await this.pace.breathe();
                this.pace.throwIfCancelled();
                await this.convertPiece(piece);
                this.done.push({ gfn: piece.gfn, end: piece.end });
                this.pagesChanged += piece.changes;
                this.pace.advance(piece.changes);
            }
        } catch (thrown) {
            if (this.done.length === 0 && !this.uncertain) throw thrown;
            const done = this.done.map(({ gfn, end }) => ({ gpa: toHex(BigInt(gfn) << 12n), size: toHex(BigInt(end - gfn) << 12n) }));
            throw partialChange(this.reportNow(), this.preview.pagesChanged, thrown, { done });
        }
        const report = this.reportNow();
        return { ...report, warnings: [...report.warnings, ...(await this.changedAgain())] };
    }

    private async convertPiece(piece: PlannedPiece): Promise<void> {
        try {
            this.stoppedMicroseconds += await this.keeper.set(piece, piece.to);
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
        const { layer } = await this.keeper.read(window, this.pace);
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
