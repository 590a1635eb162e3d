/** The user's explicit leave to suspend the seccomp filters of a thread of the VMM for the calls of one change. */
import type { AnyChangeReport } from '../../common/change';
import type { OpenVm } from '../discovery/vmDirectory';

const risk =
    'Where seccomp filters forbid the call to every thread, those of one thread are suspended while it makes it, and hold again at once. If guestmem is killed just when the thread passes its filters (microseconds for each call, longer on a busy machine), they judge the call: a filter that kills or traps then ends the VMM.';

/** Makes the change, or its preview, with that leave; the preview tells what it risks. */
export async function suspendingSeccomp<Report extends AnyChangeReport>({ process }: OpenVm, change: () => Promise<Report>): Promise<Report> {
    process.permitSeccompSuspension();
    const report = await change();
    return report.dryRun && report.executor === 'inject' && report.pagesChanged > 0 ? { ...report, warnings: [risk, ...report.warnings] } : report;
}
