/**
 * Commands guestmem.memory.convertToPrivate and .convertToShared, from the palette, a memslot or a selection of the map:
 * a dry run, a modal preview of what would change, the change itself with progress, and a fresh look at the VM.
 */
import * as vscode from 'vscode';
import { formatSize, parseHex } from '../common/address';
import { toGuestmemError, type GuestmemError } from '../common/errors';
import type { Attribute, ConvertReport, Memslot } from '../common/model';
import { formatRange, makeRange, rangeEnd, toWireRange, type GpaRange } from '../common/range';
import { resolveVm } from './activeVm';
import { attributeText } from './addressText';
import { askRange } from './askRange';
import type { ChangeGuard } from './changeGuard';
import { parseTarget, type CommandTarget } from './commandTarget';
import type { CommandBoundary } from './commandBoundary';
import { memslotLabel, memslotTraits, vmLabel } from './memslotText';
import type { PageMap } from './pageMap';
import { withSlowProgress } from './slowProgress';
import type { ActiveVm, VmStore } from './vmStore';

const pagesText = (pages: number): string =>
    pages === 1
        ? vscode.l10n.t('1 page (4 KiB)')
        : vscode.l10n.t('{0} pages ({1})', pages.toLocaleString(), formatSize(BigInt(pages) * 4096n));

function overlapping(range: GpaRange, { details }: ActiveVm): readonly Memslot[] {
    const memslots = details.addressSpaces.find(({ id }) => id === 0)?.memslots ?? [];
    return memslots.filter(({ gpa, size }) => {
        const start = parseHex(gpa) ?? 0n;
        return start < rangeEnd(range) && start + (parseHex(size) ?? 0n) > range.start;
    });
}

function executorText(report: ConvertReport): string {
    const { l10n } = vscode;
    switch (report.executor) {
        case 'inject':
            return l10n.t('an ioctl executed by a thread of the VMM, which is held meanwhile; 16 MiB at a time');
        case 'direct':
            return l10n.t('a call on the guest_memfd; the VMM does not stop');
        case 'debugger':
            return l10n.t('an ioctl evaluated by the debugger that holds the VMM');
    }
}

const listed = 6;

/** What the user agrees to, in full sentences. */
function previewText(active: ActiveVm, range: GpaRange, report: ConvertReport): string {
    const { l10n } = vscode;
    const slots = overlapping(range, active);
    const more = slots.length - listed;
    return [
        l10n.t('VM: {0} ({1})', vmLabel(active.details.vm), active.ref.id),
        l10n.t('Range: {0}', formatRange(range)),
        l10n.t('Changes: {0}', pagesText(report.pagesChanged)) +
            (report.pagesAlready === 0 ? '' : l10n.t(', already so: {0}', pagesText(report.pagesAlready))),
        ...slots.slice(0, listed).map((slot) => `${memslotLabel(slot)}: ${[slot.gpa, ...memslotTraits(slot)].join(', ')}`),
        ...(more > 0 ? [l10n.t('and {0} more slots', more)] : []),
        l10n.t('How: {0}', executorText(report)),
        ...report.warnings.map((warning) => `⚠ ${warning}`),
    ].join('\n');
}

async function confirm(active: ActiveVm, range: GpaRange, report: ConvertReport): Promise<boolean> {
    const { l10n } = vscode;
    const [question, answer] =
        report.to === 'private'
            ? [l10n.t('Convert {0} to private?', formatRange(range)), l10n.t('Convert to Private')]
            : [l10n.t('Convert {0} to shared?', formatRange(range)), l10n.t('Convert to Shared')];
    const chosen = await vscode.window.showWarningMessage(question, { modal: true, detail: previewText(active, range, report) }, answer);
    return chosen === answer;
}

/** A change that stopped midway says how far it came. */
function showPartial(error: GuestmemError): void {
    const done = typeof error.data.pagesChanged === 'number' ? pagesText(error.data.pagesChanged) : undefined;
    const { l10n } = vscode;
    const text = done === undefined ? error.message : `${error.message} ${l10n.t('Changed before that: {0}.', done)}`;
    void vscode.window.showErrorMessage(text);
}

interface Parts {
    readonly store: VmStore;
    readonly guard: ChangeGuard;
    readonly map: PageMap;
}

async function convert({ store, guard, map }: Parts, to: Attribute, target: CommandTarget): Promise<ConvertReport | undefined> {
    const { l10n, window } = vscode;
    if (!(await guard.permit())) return undefined;
    const active = await resolveVm(store, target);
    const title = to === 'private' ? l10n.t('Convert to Private') : l10n.t('Convert to Shared');
    const range =
        target.range === undefined
            ? await askRange(title, map.selection)
            : makeRange(parseHex(target.range.gpa) ?? 0n, parseHex(target.range.size) ?? 0n);
    if (range === undefined) return undefined;

    const request = (dryRun: boolean) =>
        withSlowProgress(title, (token, report) =>
            store.agentOf(active.ref).request('convert', { vm: active.ref.id, range: toWireRange(range), to, dryRun }, { token, report }),
        );
    const preview = await request(true);
    if (preview.pagesChanged === 0) {
        void window.showInformationMessage(l10n.t('Nothing to change: {0} is {1} already.', formatRange(range), attributeText(to)));
        return preview;
    }
    // The window may have been locked while the question stood there.
    if (!(await confirm(active, range, preview)) || !(await guard.permit())) return undefined;
    try {
        const report = await request(false);
        const done = l10n.t(
            '{0} converted to {1}; a thread of the VMM was held for {2} µs.',
            pagesText(report.pagesChanged),
            attributeText(to),
            report.stoppedMicroseconds,
        );
        // What the preview could not know: pages that the guest has converted again meanwhile.
        const news = report.warnings.filter((warning) => !preview.warnings.includes(warning));
        void (news.length === 0 ? window.showInformationMessage(done) : window.showWarningMessage([done, ...news].join(' ')));
        return report;
    } catch (thrown) {
        const error = toGuestmemError(thrown);
        if (error.code !== 'partial-change') throw error;
        showPartial(error);
        return undefined;
    } finally {
        await store.refresh();
        await map.refresh();
    }
}

/** The commands' results are the reports, for other extensions. */
export function registerConvert(store: VmStore, guard: ChangeGuard, map: PageMap, boundary: CommandBoundary): vscode.Disposable {
    const parts: Parts = { store, guard, map };
    return vscode.Disposable.from(
        boundary.register('guestmem.memory.convertToPrivate', (argument) => convert(parts, 'private', parseTarget(argument))),
        boundary.register('guestmem.memory.convertToShared', (argument) => convert(parts, 'shared', parseTarget(argument))),
    );
}
