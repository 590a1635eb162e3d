/** Command guestmem.map.show, and the one page map of this window as the rest of the extension sees it. */
import * as vscode from 'vscode';
import { pageMapViewType } from '../common/manifest';
import type { PageTotals } from '../common/model';
import type { WireRange } from '../common/range';
import { resolveVm } from './activeVm';
import type { CommandBoundary } from './commandBoundary';
import { parseTarget, type CommandTarget } from './commandTarget';
import { PageMapPanel, type ReadTotals } from './pageMapPanel';
import type { VmRef, VmStore } from './vmStore';

/** The one panel of this window, and what other commands need of it. */
export class PageMap implements vscode.Disposable {
    private panel: PageMapPanel | undefined;
    private read: ReadTotals | undefined;
    private readonly totalsChanged = new vscode.EventEmitter<void>();
    private readonly visibilityChanged = new vscode.EventEmitter<void>();
    private readonly disposables: readonly { dispose(): void }[];
    readonly onDidChangeVisibility = this.visibilityChanged.event;
    readonly onDidChangeTotals = this.totalsChanged.event;

    constructor(
        private readonly store: VmStore,
        private readonly boundary: CommandBoundary,
        private readonly extensionUri: vscode.Uri,
    ) {
        this.disposables = [
            boundary.register('guestmem.map.show', (argument) => this.show(parseTarget(argument))),
            vscode.window.registerWebviewPanelSerializer(pageMapViewType, {
                deserializeWebviewPanel: (panel) => {
                    this.adopt(panel);
                    // VS Code shows the panel when this function's promise resolves, and an agent may take its time.
                    void this.store.refresh();
                    return Promise.resolve();
                },
            }),
            this.visibilityChanged,
            this.totalsChanged,
        ];
    }

    /** The range that the user selected on the map. */
    get selection(): WireRange | undefined {
        return this.panel?.selection;
    }

    get isVisible(): boolean {
        return this.panel?.isVisible === true;
    }

    /** Undefined when the map that was read last is of something else. */
    totalsOf(vm: VmRef, addressSpace: number): PageTotals | undefined {
        const { read } = this;
        const isIt = read?.vm.place === vm.place && read.vm.id === vm.id && read.addressSpace === addressSpace;
        return isIt ? read.totals : undefined;
    }

    /** After a change that the memslots do not show. */
    async refresh(): Promise<void> {
        await this.panel?.refresh();
    }

    dispose(): void {
        this.panel?.close();
        for (const disposable of this.disposables) disposable.dispose();
    }

    private async show(target: CommandTarget): Promise<void> {
        await resolveVm(this.store, target);
        if (this.panel === undefined) {
            const title = vscode.l10n.t('Page Map');
            this.adopt(vscode.window.createWebviewPanel(pageMapViewType, title, vscode.ViewColumn.Active));
        } else {
            this.panel.reveal();
        }
        if (target.range !== undefined) this.panel?.goTo(target.range);
    }

    private adopt(panel: vscode.WebviewPanel): void {
        this.panel?.close();
        const didRead = (read: ReadTotals) => {
            const isNews = JSON.stringify(this.read) !== JSON.stringify(read);
            this.read = read;
            if (isNews) this.totalsChanged.fire();
        };
        const adopted = new PageMapPanel(panel, this.store, this.boundary, this.extensionUri, didRead, () => {
            if (this.panel === adopted) this.panel = undefined;
            this.visibilityChanged.fire();
        });
        this.panel = adopted;
        panel.onDidChangeViewState(() => this.visibilityChanged.fire());
        this.visibilityChanged.fire();
    }
}
