/** Commands guestmem.changes.undo and guestmem.changes.show: the last change taken back, and the record of all of them. */
import * as vscode from 'vscode';
import type { AnyChangeReport, ChangeList, UndoReport } from '../../common/change';
import { changesScheme } from '../../common/manifest';
import { resolveVm } from '../activeVm';
import { changeMemory, pagesText, type ChangeParts } from './changeMemory';
import type { CommandBoundary } from '../commandBoundary';
import { parseTarget, type CommandTarget } from '../commandTarget';
import { displayText } from '../displayText';
import { vmLabel } from '../trees/memslotText';
import type { ActiveVm } from '../vmStore';

async function undo(parts: ChangeParts, target: CommandTarget): Promise<AnyChangeReport | undefined> {
    if (!(await parts.guard.permit())) return undefined;
    const { l10n } = vscode;
    const active = await resolveVm(parts.store, target);
    // What is undone is what the preview showed.
    let shown: UndoReport | undefined;
    const words = {
        title: l10n.t('Undo Last Change'),
        answer: l10n.t('Undo'),
        question: ({ range }: AnyChangeReport) =>
            shown === undefined ? l10n.t('Bring back what {0} was?', range) : l10n.t('Take back “{0}” on {1}, made {2}?', shown.undone.change, shown.undone.range, new Date(shown.undoes).toLocaleString()),
        nothingToChange: ({ range }: AnyChangeReport) => l10n.t('Nothing to change: {0} is as it was before the last change.', range),
        done: ({ pagesChanged }: AnyChangeReport) => l10n.t('{0} are as they were before the last change.', pagesText(pagesChanged)),
    };
    return changeMemory(parts, active, words, async (agent, params, options) => {
        shown = await agent.request('undo', { ...params, ...(shown === undefined ? {} : { undoes: shown.undoes }) }, options);
        return shown;
    });
}

/** Read-only documents; each shows the record as it was when the command was called. */
class RecordDocuments implements vscode.TextDocumentContentProvider {
    private text = '';
    private readonly changed = new vscode.EventEmitter<vscode.Uri>();
    readonly onDidChange = this.changed.event;

    provideTextDocumentContent(): string {
        return this.text;
    }

    async show({ details }: ActiveVm, list: ChangeList): Promise<void> {
        this.text = recordText(list);
        const uri = vscode.Uri.from({ scheme: changesScheme, path: `/${vmLabel(details.vm).replaceAll('/', '_')}.changes` });
        this.changed.fire(uri);
        await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
    }
}

function recordText({ changes, path }: ChangeList): string {
    const { l10n } = vscode;
    const head = l10n.t('Changes made from this host, newest first; the agent keeps them in {0}.', displayText(path));
    if (changes.length === 0) return `${head}\n\n${l10n.t('No change is on record.')}\n`;
    const lines = [...changes].reverse().map(({ time, vm, command, change, range, executor, pagesChanged, stoppedMicroseconds, result, message, undo }) =>
        [
            time,
            `${vm} ${displayText(command)}`,
            `${change} ${range}`,
            pagesText(pagesChanged),
            executor,
            l10n.t('held {0} µs', stoppedMicroseconds),
            message === null ? result : `${result}: ${displayText(message)}`,
            undo === null ? l10n.t('no undo') : l10n.t('can be undone'),
        ].join('  '),
    );
    return [head, '', ...lines, ''].join('\n');
}

export function registerChangeRecord(parts: ChangeParts, boundary: CommandBoundary): vscode.Disposable {
    const { store } = parts;
    const documents = new RecordDocuments();
    return vscode.Disposable.from(
        vscode.workspace.registerTextDocumentContentProvider(changesScheme, documents),
        boundary.register('guestmem.changes.undo', (argument) => undo(parts, parseTarget(argument))),
        boundary.register('guestmem.changes.show', async (argument) => {
            const active = await resolveVm(store, parseTarget(argument));
            await documents.show(active, await store.agentOf(active.ref).request('changes', {}));
        }),
    );
}
