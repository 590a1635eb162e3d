/** What every kind of change has in common: a preview, and the change itself, which is asked for once. */
import type { InjectOutcome } from '../../../native/index';
import type { AnyChangeReport, ChangeReport } from '../../common/change';
import { errors, GuestmemError, type ErrorData } from '../../common/errors';
import type { Pace } from '../pace';
import { readCommand } from '../discovery/processes';
import type { OpenVm } from '../discovery/vmDirectory';

export interface PreparedChange<Report extends AnyChangeReport = AnyChangeReport> {
    /** Nothing was changed for it; `pagesChanged` 0: there is nothing to change. */
    readonly preview: Report;
    /** The preview with what takes time to find out, and which only a user reads. */
    estimate?(): Report;
    /** Throws `partial-change`, with a report of what was done as data, when it stops in the middle. */
    execute(pace: Pace): Promise<Report>;
}

/** A refusal before anything was changed; `tried` begins a sentence. */
export function refusalError(
    vm: OpenVm,
    tried: string,
    { reason, detail, tracer }: Extract<InjectOutcome, { kind: 'refused' }>,
): GuestmemError {
    const data = { pid: vm.process.pid, detail, ...(tracer === undefined ? {} : { tracer }) };
    switch (reason) {
        case 'seccomp':
            return new GuestmemError('seccomp', `${tried} was refused: ${detail}. Let its seccomp filter permit the call on one of its threads, or start the VMM without its sandbox.${canBeSuspended(detail) ? ' Or have the filter suspended for the call (--suspend-seccomp), at a risk that the preview tells.' : ''}`, { ...data, canBeSuspended: canBeSuspended(detail) });
        case 'traced':
            return new GuestmemError('debugger-attached', `${tried} was refused: ${holderText(tracer)} traces the VMM, and only one process can. Detach it and try again.`, data);
        case 'no-thread':
            return new GuestmemError('no-thread', `${tried} was refused: none of its threads can safely execute the call now (${detail}). ${remedyFor(vm.process.pid, detail)}`, data);
        case 'vm-changed':
            return errors.vmGone(vm.id);
        case 'not-permitted':
            return errors.notPermitted(tried, detail, 'Run guestmem as root, for example with sudo.', data);
        case 'unsupported':
            return errors.unsupported(tried, detail, data);
    }
}

/** A filter that was read, once its thread was stopped; where a mere stop may kill, nothing helps. */
const canBeSuspended = (detail: string): boolean => detail.endsWith('does not let it make the call');

/** What makes a thread fit again, by what was found. */
function remedyFor(pid: number, detail: string): string {
    if (/ stopped\b/.test(detail)) return `Let the process go on (kill -CONT ${pid}), and try again.`;
    if (detail.includes('frozen')) return 'Thaw its cgroup, and try again.';
    if (detail.includes('uninterruptible')) return `Such a sleep ends by itself when what it waits for comes (/proc/${pid}/task/*/wchan tells for what): try again then.`;
    return 'Try again when one of its threads sleeps in a system call.';
}

/** A tracer of another pid namespace has no number here. */
function holderText(tracer: number | undefined): string {
    if (tracer === undefined || tracer === 0) return 'a process that cannot be seen from here';
    const command = readCommand(tracer);
    return command === undefined ? `process ${tracer}` : `process ${tracer} (${command})`;
}

/** What would refuse an injection, or null; nothing is stopped to find out. `thread` must execute it; 0: any may. */
export function findInjectionRefusal(vm: OpenVm, tried: string, thread = 0): Extract<InjectOutcome, { kind: 'refused' }> | null {
    requireOwner(vm, tried);
    return vm.process.checkInjection(vm.fd, vm.identity, thread);
}

export function checkInjection(vm: OpenVm, tried: string, thread = 0): void {
    const refusal = findInjectionRefusal(vm, tried, thread);
    if (refusal !== null) throw refusalError(vm, tried, refusal);
}

/** KVM takes ioctls of a VM from the process whose memory the VM uses, and on the VM's own fd; it answers EIO to others. */
export function requireOwner({ record, summary, process }: OpenVm, tried: string): void {
    const { heldBy } = summary;
    if (heldBy === 'vm' && record.ownedByProcess) return;
    const found =
        heldBy === 'vm'
            ? `process ${process.pid} only holds it, and the process whose memory it uses, from which alone KVM takes the call, has gone`
            : `no process holds a VM file descriptor of it any more, on which KVM takes the call; process ${process.pid} keeps it alive by a ${heldBy === 'vcpu' ? 'vCPU' : 'guest_memfd'}`;
    throw errors.unsupported(tried, found, { heldBy });
}

/** Returns for how many microseconds a thread was held. Throws what came of the call instead; `tried` begins a sentence. */
export function requireDone(vm: OpenVm, tried: string, outcome: InjectOutcome): number {
    if (outcome.kind === 'refused') throw refusalError(vm, tried, outcome);
    if (outcome.kind === 'unknown') throw new UncertainChange(tried, outcome.tid, outcome.detail, outcome.stoppedMicroseconds);
    if (outcome.error !== null) throw errors.kernel(tried, outcome.error, { tid: outcome.tid });
    return outcome.stoppedMicroseconds;
}

/** A call was begun of which nobody knows whether it was done. */
export class UncertainChange extends GuestmemError {
    constructor(
        tried: string,
        tid: number,
        detail: string,
        readonly stoppedMicroseconds: number,
    ) {
        super('kernel', `${tried} was begun in thread ${tid} and its result is not known (${detail}): it may have been done or not. Look at the map again.`, { tid });
    }
}

/** A change that stopped in the middle, with the report of what was done before. */
export function partialChange(report: ChangeReport, asked: number, thrown: unknown, more: ErrorData = {}): GuestmemError {
    const cause = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `Changing ${report.range} stopped after ${report.pagesChanged} of ${asked} pages: ${cause}`;
    return new GuestmemError('partial-change', message, { ...report, ...more, cause });
}
