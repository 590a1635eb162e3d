/** Command guestmem.account.show: the account of the active VM's memory, in the one panel for it of this window. */
import * as vscode from 'vscode';
import { accountViewType } from '../../common/manifest';
import { resolveVm } from '../activeVm';
import type { CommandBoundary } from '../commandBoundary';
import { parseTarget } from '../commandTarget';
import type { VmStore } from '../vmStore';
import { AccountPanel } from './accountPanel';

export function registerAccount(store: VmStore, boundary: CommandBoundary, extensionUri: vscode.Uri): vscode.Disposable {
    let shown: AccountPanel | undefined;
    const adopt = (panel: vscode.WebviewPanel) => {
        shown?.close();
        const adopted = new AccountPanel(panel, store, boundary, extensionUri, () => {
            if (shown === adopted) shown = undefined;
        });
        shown = adopted;
    };
    return vscode.Disposable.from(
        boundary.register('guestmem.account.show', async (argument) => {
            await resolveVm(store, parseTarget(argument));
            if (shown === undefined) adopt(vscode.window.createWebviewPanel(accountViewType, vscode.l10n.t('Memory Accounting'), vscode.ViewColumn.Active));
            else shown.reveal();
        }),
        vscode.window.registerWebviewPanelSerializer(accountViewType, {
            deserializeWebviewPanel: (panel) => {
                adopt(panel);
                // VS Code shows the panel when this function's promise resolves, and an agent may take its time.
                void store.refresh();
                return Promise.resolve();
            },
        }),
        new vscode.Disposable(() => shown?.close()),
    );
}
