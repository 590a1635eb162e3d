/** Every change to a VM goes through here: preview, lock, record, the change itself, record. */
import type { AnyChangeReport, Change, ChangeRecord, ConvertReport, UndoReport } from '../../common/change';
import { errors, GuestmemError, toGuestmemError } from '../../common/errors';
import { parseHex } from '../../common/address';
import type { Attribute } from '../../common/model';
import { makeRange, type GpaRange, type WireRange } from '../../common/range';
import type { Pace } from '../pace';
import type { OpenVm } from '../discovery/vmDirectory';
import { ChangeLog, changesOf } from './changeLog';
import { checkChange } from './checkChange';
import { prepareConversion, prepareRestoration } from './conversion';
import type { AskClient } from './debuggerExecutor';
import { prepareDirtyLogging } from './dirtyLogging';
import { prepareAllocation } from './guestMemfdAllocation';
import { prepareWrite } from './memoryWrite';
import type { PreparedChange } from './preparedChange';
import { preparePreFault } from './preFaulting';

/**
 * `change` has been checked (checkChange). In a dry run nothing is changed, nor recorded. `client` is asked where a
 * debugger holds the VMM; undefined: it has none to offer.
 */
export function changeVm(vm: OpenVm, change: Change, dryRun: boolean, pace: Pace, client?: AskClient): Promise<AnyChangeReport> {
    return makeChange(vm, dryRun, pace, () => prepare(vm, change, pace, client));
}

export function convertVm(vm: OpenVm, range: GpaRange, to: Attribute, dryRun: boolean, pace: Pace, client?: AskClient): Promise<ConvertReport> {
    return makeChange(vm, dryRun, pace, () => prepareConversion(vm, range, to, pace, client));
}

async function makeChange<Report extends AnyChangeReport>(
    vm: OpenVm,
    dryRun: boolean,
    pace: Pace,
    prepare: () => Promise<PreparedChange<Report>>,
): Promise<Report> {
    if (dryRun) {
        const prepared = await prepare();
        return prepared.estimate?.() ?? prepared.preview;
    }
    // From before the look that the change rests on: no other change comes between the two.
    if (!vm.process.lockChanges()) {
        throw new GuestmemError('locked', `Nothing was changed: another window or another guestmem is changing the VM ${vm.id} right now. Wait until it is done, and try again.`);
    }
    const prepared = await prepare();
    if (prepared.preview.pagesChanged === 0) return { ...prepared.preview, dryRun: false };
    const log = new ChangeLog(vm);
    log.begin(prepared.preview);
    let report: Report;
    try {
        report = withSuspensions(vm, await prepared.execute(pace));
    } catch (thrown) {
        const error = toGuestmemError(thrown);
        const problem = problemOf(() => log.failed(withSuspensions(vm, prepared.preview), error));
        throw problem === null ? thrown : new GuestmemError(error.code, `${error.message} ${problem}`, error.data);
    }
    const problem = problemOf(() => log.done(report));
    return problem === null ? report : { ...report, warnings: [...report.warnings, problem] };
}

function withSuspensions<Report extends AnyChangeReport>({ process }: OpenVm, report: Report): Report {
    const { seccompSuspensions } = process;
    return seccompSuspensions > 0 ? { ...report, seccompSuspensions } : report;
}

/** A record that fails after the change must not hide what came of the change. */
function problemOf(record: () => void): string | null {
    try {
        record();
        return null;
    } catch (thrown) {
        return `What came of it is not on record, where it stays "begun". ${toGuestmemError(thrown).message}`;
    }
}

/**
 * What the last change is, is looked up under the lock, too; the record is a file, and is checked as what a client sends.
 * `undoes` is the time of the record that the preview showed; null: whichever is the last.
 */
export function undoLast(vm: OpenVm, dryRun: boolean, undoes: string | null, pace: Pace, client?: AskClient): Promise<UndoReport> {
    return makeChange(vm, dryRun, pace, async () => {
        const last = lastToUndo(vm);
        if (undoes !== null && last.time !== undoes) {
            throw errors.unsupported(`Undoing the change of ${undoes}`, `another change of the VM ${vm.id} came after it, '${last.change}' on ${last.range} at ${last.time}. Look at the record, and undo that first`);
        }
        const prepared = await prepare(vm, checkChange(last.undo), pace, client);
        const asUndo = (report: AnyChangeReport): UndoReport => ({
            ...report,
            warnings: [...(last.vmSerial === null ? [notNumbered] : []), ...report.warnings],
            undoes: last.time,
            undone: { change: last.change, range: last.range },
        });
        return {
            preview: asUndo(prepared.preview),
            estimate: () => asUndo(prepared.estimate?.() ?? prepared.preview),
            execute: async (pace) => asUndo(await prepared.execute(pace)),
        };
    });
}

const notNumbered = 'This kernel does not number VMs (it has no debugfs): that the change was made to this VM, and not to an earlier one at the same file descriptor, is not known.';

/** The last change that was made to this VM and recorded here, if it can be undone. */
function lastToUndo(vm: OpenVm): ChangeRecord {
    const tried = `Undoing the last change of the VM ${vm.id}`;
    const last = changesOf(vm).at(-1);
    if (last === undefined) throw errors.unsupported(tried, 'no change of this VM is on record');
    const what = `it was '${last.change}' on ${last.range} at ${last.time}`;
    if (last.result === 'begun') throw errors.unsupported(tried, `${what}, of which nobody recorded what came. Look at the map, and make the change that brings back what you want`);
    if (last.undo === null) throw errors.unsupported(tried, `${what}, which has no undo`);
    return last;
}

const rangeOf = ({ gpa, size }: WireRange) => makeRange(parseHex(gpa) ?? 0n, parseHex(size) ?? 0n);

async function prepare(vm: OpenVm, change: Change, pace: Pace, client?: AskClient): Promise<PreparedChange> {
    switch (change.kind) {
        case 'convert':
            return prepareConversion(vm, rangeOf(change.range), change.to, pace, client);
        case 'restore':
            return prepareRestoration(vm, change.runs.map((run) => ({ ...rangeOf(run), attribute: run.attribute })), pace, client);
        case 'punch':
        case 'allocate':
            return prepareAllocation(vm, change.kind, change.ranges.map(rangeOf), pace);
        case 'pre-fault':
            return preparePreFault(vm, rangeOf(change.range), change.vcpu, pace);
        case 'write':
            return prepareWrite(vm, parseHex(change.gpa) ?? 0n, Buffer.from(change.bytes, 'base64'), pace);
        case 'log-dirty-pages':
            return prepareDirtyLogging(vm, change, pace, client);
    }
}
