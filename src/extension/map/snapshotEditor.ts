/** The editor of .gmem files: the page map without a VM. */
import * as vscode from 'vscode';
import { snapshotViewType } from '../../common/manifest';
import type { CommandBoundary } from '../commandBoundary';
import { FileMapSource } from './fileMapSource';
import { KeptStates } from './keptStates';
import { PageMapPanel } from './pageMapPanel';

export function registerSnapshotEditor(extensionUri: vscode.Uri, agentPath: string, boundary: CommandBoundary, log: vscode.LogOutputChannel): vscode.Disposable {
    const kept = new KeptStates();
    const events = { didRead: () => undefined, didChangeMode: () => undefined, didClose: () => undefined };
    const provider: vscode.CustomReadonlyEditorProvider = {
        openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
        // The panel reads the file once its page is ready, and says what is wrong with it there.
        resolveCustomEditor: ({ uri }, panel) => {
            new PageMapPanel(panel, new FileMapSource(uri, agentPath, log), { boundary, extensionUri, kept }, events);
        },
    };
    const registration = vscode.window.registerCustomEditorProvider(snapshotViewType, provider, { supportsMultipleEditorsPerDocument: true });
    return vscode.Disposable.from(registration, kept);
}
