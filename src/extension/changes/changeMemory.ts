/**
 * Every change of this window goes through here: permission, a dry run, a modal preview of what would change, the change
 * itself with progress, and a fresh look at the VM.
 */
import * as vscode from 'vscode';
import { formatSize, parseHex } from '../../common/address';
import type { SuspendingSeccomp } from '../../common/agentProtocol';
import type { AnyChangeReport } from '../../common/change';
import { formatMicroseconds } from '../../common/duration';
import { toGuestmemError, type GuestmemError } from '../../common/errors';
import type { Memslot } from '../../common/model';
import { parseRange, rangeEnd } from '../../common/range';
import type { AgentClient } from '../connection/agentClient';
import type { ChangeGuard } from './changeGuard';
import type { VmFindings } from '../findings/vmFindings';
import type { DebugSessionExecutor } from '../debugging/debugSessionExecutor';
import { memslotLabel, memslotTraits, vmLabel } from '../trees/memslotText';
import type { PageMap } from '../map/pageMap';
import { thisHost } from '../connection/places';
import { withSlowProgress, type Report } from '../slowProgress';
import type { ActiveVm, VmStore } from '../vmStore';

export interface ChangeParts {
    readonly store: VmStore;
    readonly guard: ChangeGuard;
    readonly map: PageMap;
    readonly findings: VmFindings;
    readonly debugSessions: DebugSessionExecutor;
}

/** What every request for a change has: which VM, whether only to preview, and the debugger if this window has one there. */
export interface ChangeParams {
    readonly vm: string;
    readonly dryRun: boolean;
    readonly debugger?: true;
}

export interface ChangeWords {
    /** Of the progress: "Convert to Private". */
    readonly title: string;
    /** The preview's question and the button that agrees. */
    readonly question: (preview: AnyChangeReport) => string;
    readonly answer: string;
    readonly nothingToChange: (preview: AnyChangeReport) => string;
    readonly done: (report: AnyChangeReport) => string;
}

interface RequestOptions {
    readonly token: vscode.CancellationToken;
    readonly report: Report;
}
type Ask = (agent: AgentClient, params: ChangeParams, options: RequestOptions) => Promise<AnyChangeReport>;

export const pagesText = (pages: number): string =>
    pages === 1
        ? vscode.l10n.t('1 page (4 KiB)')
        : vscode.l10n.t('{0} pages ({1})', pages.toLocaleString(), formatSize(BigInt(pages) * 4096n));

/** Resolves with the report, or with undefined when the user gave up or the change stopped midway, which was said then. */
export async function changeMemory(parts: ChangeParts, active: ActiveVm, words: ChangeWords, ask: Ask, leave: SuspendingSeccomp = {}): Promise<AnyChangeReport | undefined> {
    const { store, guard, map, findings, debugSessions } = parts;
    const { window } = vscode;
    const request = (dryRun: boolean, title = words.title) => {
        const { ref, details } = active;
        const isHeld = ref.place === thisHost && debugSessions.holds(details.vm.pid);
        const params = { vm: ref.id, dryRun, ...(isHeld ? { debugger: true as const } : {}), ...leave };
        return withSlowProgress(title, (token, report) => ask(store.agentOf(ref), params, { token, report }));
    };
    const preview = await request(true);
    if (preview.pagesChanged === 0) {
        void window.showInformationMessage(words.nothingToChange(preview));
        return preview;
    }
    const options = { modal: true, detail: previewText(active, preview) };
    const chosen = await window.showWarningMessage(words.question(preview), options, words.answer);
    // The window may have been locked while the question stood there.
    if (chosen !== words.answer || !(await guard.permit())) return undefined;
    try {
        const report = await request(false, preview.executor === 'debugger' ? vscode.l10n.t('{0} through the debugger', words.title) : words.title);
        // What the preview could not know: pages that the guest has changed again meanwhile.
        const news = report.warnings.filter((warning) => !preview.warnings.includes(warning));
        const done = words.done(report);
        void (news.length === 0 ? window.showInformationMessage(done) : window.showWarningMessage([done, ...news].join(' ')));
        return report;
    } catch (thrown) {
        const error = toGuestmemError(thrown);
        if (error.code === 'seccomp' && error.data['canBeSuspended'] === true && leave.suspendSeccomp !== true) {
            const suspend = vscode.l10n.t('Preview with Suspended Filters');
            const chosen = await window.showWarningMessage(error.message, { modal: true }, suspend);
            return chosen === suspend ? await changeMemory(parts, active, words, ask, { suspendSeccomp: true }) : undefined;
        }
        if (error.code !== 'partial-change') throw error;
        showPartial(error);
        return undefined;
    } finally {
        await store.refresh();
        await map.refresh();
        void findings.refresh();
    }
}

/** How long the VMM stood still for a change that was made; to be joined to what was done. */
export function heldText({ executor, stoppedMicroseconds }: AnyChangeReport): string {
    const { l10n } = vscode;
    switch (executor) {
        case 'inject':
            return l10n.t('A thread of the VMM was held for {0} µs.', stoppedMicroseconds);
        case 'direct':
            return l10n.t('The VMM did not stop.');
        case 'debugger':
            return l10n.t('The debugger that holds the VMM took {0} µs for it.', stoppedMicroseconds);
    }
}

/** A change that stopped midway says how far it came. */
function showPartial(error: GuestmemError): void {
    const done = typeof error.data.pagesChanged === 'number' ? pagesText(error.data.pagesChanged) : undefined;
    const { l10n } = vscode;
    const text = done === undefined ? error.message : `${error.message} ${l10n.t('Changed before that: {0}.', done)}`;
    void vscode.window.showErrorMessage(text);
}

const listed = 6;

/** What the user agrees to, in full sentences. */
function previewText(active: ActiveVm, preview: AnyChangeReport): string {
    const { l10n } = vscode;
    const slots = overlapping(preview.range, active);
    const more = slots.length - listed;
    return [
        l10n.t('VM: {0} ({1})', vmLabel(active.details.vm), active.ref.id),
        l10n.t('Range: {0}', preview.range),
        l10n.t('Changes: {0}', pagesText(preview.pagesChanged)) +
            (preview.pagesAlready === 0 ? '' : l10n.t(', already so: {0}', pagesText(preview.pagesAlready))),
        ...slots.slice(0, listed).map((slot) => `${memslotLabel(slot)}: ${[slot.gpa, ...memslotTraits(slot)].join(', ')}`),
        ...(more > 0 ? [l10n.t('and {0} more slots', more)] : []),
        l10n.t('How: {0}', executorText(preview)),
        ...kernelTimeText(preview),
        preview.undo === null ? l10n.t('Undo: none') : l10n.t('Undo: the command Undo Last Change'),
        ...preview.warnings.map((warning) => `⚠ ${warning}`),
    ].join('\n');
}

function kernelTimeText(preview: AnyChangeReport): string[] {
    const { l10n } = vscode;
    if (!('kernelTime' in preview)) return [];
    const { kernelTime, unknown } = preview;
    if (kernelTime === null) return unknown.map(({ reason }) => l10n.t('Time in the kernel: not known ({0})', reason));
    const [all, longest] = [formatMicroseconds(kernelTime.microseconds), formatMicroseconds(kernelTime.longestPieceMicroseconds)];
    return [
        kernelTime.pieces === 1
            ? l10n.t('Time in the kernel: about {0}, during which the thread is held', all)
            : l10n.t('Time in the kernel: about {0}, in {1} calls; the thread is held for about {2} at a time', all, kernelTime.pieces, longest),
    ];
}

function overlapping(range: string, { details }: ActiveVm): readonly Memslot[] {
    const memslots = details.addressSpaces.find(({ id }) => id === 0)?.memslots ?? [];
    // What is written is named by its bytes, which need not be whole pages.
    const [start = '', size = ''] = range.split('+');
    const first = (parseHex(start) ?? 0n) & ~0xfffn;
    const end = ((parseHex(start) ?? 0n) + (parseHex(size) ?? 0n) + 0xfffn) & ~0xfffn;
    const covered = parseRange(`0x${first.toString(16)}+0x${(end - first).toString(16)}`);
    return memslots.filter(({ gpa, size }) => {
        const slotStart = parseHex(gpa) ?? 0n;
        return slotStart < rangeEnd(covered) && slotStart + (parseHex(size) ?? 0n) > covered.start;
    });
}

function executorText(report: AnyChangeReport): string {
    const { l10n } = vscode;
    switch (report.executor) {
        case 'inject':
            return l10n.t('an ioctl executed by a thread of the VMM, which is held meanwhile');
        case 'direct':
            return l10n.t('a call of the agent; the VMM does not stop');
        case 'debugger':
            return l10n.t('an ioctl evaluated by the debugger that holds the VMM');
    }
}
