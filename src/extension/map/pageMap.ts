/** Commands guestmem.map.*, and the one page map of this window as the rest of the extension sees it. */
import * as vscode from 'vscode';
import { pageMapViewType } from '../../common/manifest';
import type { PageTotals } from '../../common/model';
import type { WireRange } from '../../common/range';
import { resolveVm } from '../activeVm';
import type { CommandBoundary } from '../commandBoundary';
import { parseTarget, type CommandTarget } from '../commandTarget';
import type { Recordings } from '../events/recordings';
import { KeptStates } from './keptStates';
import { ManagedContextKey } from '../managedContextKey';
import { MapTimeline, type TimelinePanel } from './mapTimeline';
import { PageMapPanel } from './pageMapPanel';
import { saveSnapshot } from './saveSnapshot';
import { withSlowProgress } from '../slowProgress';
import { VmMapSource } from './vmMapSource';
import type { VmRef, VmStore } from '../vmStore';

/** What a map adds up to, as soon as it was read. */
interface ReadTotals {
    readonly vm: VmRef;
    readonly addressSpace: number;
    readonly totals: PageTotals;
}

/** The one panel of this window, and what other commands need of it. */
export class PageMap implements vscode.Disposable {
    private panel: PageMapPanel | undefined;
    private read: ReadTotals | undefined;
    private readonly kept = new KeptStates();
    private readonly state = new ManagedContextKey('guestmem.mapState');
    private readonly totalsChanged = new vscode.EventEmitter<void>();
    private readonly visibilityChanged = new vscode.EventEmitter<void>();
    private readonly disposables: readonly { dispose(): void }[];
    readonly onDidChangeVisibility = this.visibilityChanged.event;
    readonly onDidChangeTotals = this.totalsChanged.event;

    constructor(
        private readonly store: VmStore,
        private readonly recordings: Recordings,
        private readonly boundary: CommandBoundary,
        private readonly extensionUri: vscode.Uri,
    ) {
        this.disposables = [
            boundary.register('guestmem.map.show', (argument) => this.show(parseTarget(argument))),
            boundary.register('guestmem.map.keep', () => this.panel?.snapshots.keep()),
            boundary.register('guestmem.map.compare', () => this.panel?.snapshots.chooseComparison()),
            boundary.register('guestmem.map.save', () => this.save()),
            boundary.register('guestmem.map.pause', () => this.panel?.setMode('paused')),
            boundary.register('guestmem.map.resume', () => this.panel?.setMode('live')),
            boundary.register('guestmem.map.showAt', (argument) => this.showAt(parseTarget(argument))),
            boundary.register('guestmem.map.whyNot', (argument) => explainRefusals(argument)),
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
            this.kept,
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

    /** As it was at a time of the VM's recording; without a time, as it is. */
    private async showAt(target: CommandTarget): Promise<void> {
        await this.show(target);
        await this.panel?.timeline?.showAt(target.time ?? null);
    }

    /** What the map shows, or without one the active VM. */
    private async save(): Promise<void> {
        if (this.panel !== undefined) return this.panel.snapshots.save();
        await resolveVm(this.store, {});
        const source = new VmMapSource(this.store);
        try {
            const map = await withSlowProgress(vscode.l10n.t('Reading the page map'), (token, report) => source.read({ token, report }));
            if (map !== undefined) await saveSnapshot(map);
        } finally {
            source.dispose();
        }
    }

    private adopt(panel: vscode.WebviewPanel): void {
        this.panel?.close();
        const { store, recordings, boundary, extensionUri, kept } = this;
        const makeTimeline = (shown: TimelinePanel) => new MapTimeline(shown, store, recordings);
        const parts = { boundary, extensionUri, kept, makeTimeline };
        const adopted = new PageMapPanel(panel, new VmMapSource(store), parts, {
            didRead: ({ opened }, { vm }) => {
                if (vm !== undefined) this.setTotals({ vm, addressSpace: opened.addressSpace, totals: opened.totals });
            },
            didChangeMode: () => this.updateState(),
            didClose: () => {
                if (this.panel === adopted) this.panel = undefined;
                this.updateState();
                this.visibilityChanged.fire();
            },
        });
        this.panel = adopted;
        this.updateState();
        panel.onDidChangeViewState(() => this.visibilityChanged.fire());
        this.visibilityChanged.fire();
    }

    private setTotals(read: ReadTotals): void {
        const isNews = JSON.stringify(this.read) !== JSON.stringify(read);
        this.read = read;
        if (isNews) this.totalsChanged.fire();
    }

    private updateState(): void {
        this.state.value = this.panel?.mode ?? '';
    }
}

/** What the map's menu does not offer at some pages, and why, as the map wrote it there. */
function explainRefusals(argument: unknown): void {
    const { guestmemRefusals } = (argument ?? {}) as { readonly guestmemRefusals?: unknown };
    if (typeof guestmemRefusals === 'string') void vscode.window.showInformationMessage(guestmemRefusals);
}
