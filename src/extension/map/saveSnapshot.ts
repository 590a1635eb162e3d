/** Saves a page map as a .gmem file. */
import * as vscode from 'vscode';
import type { MapHandle } from '../../common/openedMap';
import type { AgentClient } from '../connection/agentClient';
import type { SourceMap } from './mapSource';
import { withSlowProgress } from '../slowProgress';
import { fileName } from './snapshotUpload';

export const snapshotFilters = { 'Page map snapshot': ['gmem'] };

/** Asks what to leave out and for the file; nothing happens when the user gives up. */
export async function saveSnapshot({ agent, opened }: SourceMap): Promise<void> {
    const { l10n, window, workspace } = vscode;
    const redact = await askRedaction();
    if (redact === undefined) return;
    const name = (redact ? '' : (opened.details.vm.name ?? '')).replace(/[^\w.-]+/g, '_') || 'guest';
    const proposed = `${name}-${opened.takenAt.replace(/\.\d+Z$/, '').replaceAll(':', '')}.gmem`;
    const folder = workspace.workspaceFolders?.[0]?.uri;
    const uri = await window.showSaveDialog({
        title: l10n.t('Save Snapshot'),
        filters: snapshotFilters,
        ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, proposed) }),
    });
    if (uri === undefined) return;
    const bytes = await withSlowProgress(l10n.t('Saving the page map'), (token) => readSnapshot(agent, opened.map, redact, token));
    await workspace.fs.writeFile(uri, bytes);
    const open = l10n.t('Open');
    void window.showInformationMessage(l10n.t('The page map was saved as {0}. The file holds no guest content.', fileName(uri)), open).then((chosen) => {
        if (chosen === open) void vscode.commands.executeCommand('vscode.open', uri);
    });
}

async function askRedaction(): Promise<boolean | undefined> {
    const { l10n, window } = vscode;
    const items = [
        {
            label: l10n.t('With names, paths and addresses'),
            detail: l10n.t('What the map shows, the names of VM and process, paths of backing files, host virtual addresses, the kernel version. No guest content.'),
            redact: false,
        },
        {
            label: l10n.t('Redacted'),
            detail: l10n.t('Without names, paths and host virtual addresses, for sharing with others. No guest content.'),
            redact: true,
        },
    ];
    return (await window.showQuickPick(items, { title: l10n.t('Save Snapshot'), placeHolder: l10n.t('What the file holds') }))?.redact;
}

async function readSnapshot(agent: AgentClient, map: MapHandle, redact: boolean, token: vscode.CancellationToken): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let from: number | null = 0; from !== null; ) {
        const part: { bytes: Uint8Array; next: number | null } = await agent.request('saveMap', { map, redact, from }, { token });
        parts.push(part.bytes);
        from = part.next;
    }
    return Buffer.concat(parts);
}
