/**
 * The webview panel of the page map: the host's side of src/common/mapProtocol.ts. It shows the active VM, reads it again
 * by itself while it is visible, and sends a map only when it is another one.
 */
import * as vscode from 'vscode';
import { toGuestmemError, type GuestmemError } from '../common/errors';
import type { CommandId } from '../common/manifest';
import { parseMapRequest, type MapEvent, type MapRequest } from '../common/mapProtocol';
import type { PageTotals } from '../common/model';
import type { WireRange } from '../common/range';
import type { CommandBoundary } from './commandBoundary';
import type { CommandTarget } from './commandTarget';
import { remediesFor, type Remedy } from './errorRemedies';
import { isSameMap, mapEvent, sentMap, type SentMap } from './pageMapEvent';
import { pageMapHtml, resourceFolders } from './pageMapHtml';
import { Poller } from './poller';
import { withSlowProgress, type Report } from './slowProgress';
import type { ActiveVm, VmRef, VmStore } from './vmStore';

/** A read that takes longer shows that it is under way. */
const busyAfterMs = 300;

/** What a map adds up to, as soon as it was read. */
export interface ReadTotals {
    readonly vm: VmRef;
    readonly addressSpace: number;
    readonly totals: PageTotals;
}

export class PageMapPanel {
    private readonly disposables: readonly { dispose(): void }[];
    private readonly poller = new Poller(() => this.refresh());
    private isReady = false;
    private addressSpace = 0;
    /** The VM on the map: what a selection of the user is about. */
    private shown: VmRef | undefined;
    private sent: SentMap | undefined;
    private pendingGoTo: WireRange | undefined;
    private refreshing: Promise<void> | undefined;
    private again = false;
    /** The user cancelled a long read: only the user starts another. */
    private isPaused = false;
    /** Why the map is stale, and what its buttons do. It is sent once: new buttons would lose the focus. */
    private stale: { readonly message: string; readonly remedies: readonly Remedy[] } | undefined;
    selection: WireRange | undefined;

    constructor(
        private readonly panel: vscode.WebviewPanel,
        private readonly store: VmStore,
        boundary: CommandBoundary,
        extensionUri: vscode.Uri,
        private readonly onDidRead: (read: ReadTotals) => void,
        onDidClose: () => void,
    ) {
        panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.svg');
        panel.webview.options = {
            enableScripts: true,
            localResourceRoots: resourceFolders.map((folder) => vscode.Uri.joinPath(extensionUri, folder)),
        };
        this.disposables = [
            panel.webview.onDidReceiveMessage((message: unknown) => {
                const request = parseMapRequest(message);
                if (request !== undefined) void boundary.run(() => this.obey(request));
            }),
            panel.onDidChangeViewState(() => this.updatePolling()),
            store.onDidChange(() => void this.refresh()),
            this.poller,
            panel.onDidDispose(() => {
                for (const disposable of this.disposables) disposable.dispose();
                onDidClose();
            }),
        ];
        panel.webview.html = pageMapHtml(panel.webview, extensionUri);
        this.updatePolling();
    }

    get isVisible(): boolean {
        return this.panel.visible;
    }

    reveal(): void {
        this.panel.reveal();
    }

    close(): void {
        this.panel.dispose();
    }

    /** Scrolls to the range, once the map of the active VM is there. */
    goTo(range: WireRange): void {
        this.pendingGoTo = range;
        void this.refresh();
    }

    /** Reads the map, and once more if it was asked for meanwhile. Never rejects. */
    refresh(): Promise<void> {
        this.again = true;
        this.refreshing ??= this.readWhileAsked().finally(() => (this.refreshing = undefined));
        return this.refreshing;
    }

    private async readWhileAsked(): Promise<void> {
        while (this.again) {
            this.again = false;
            if (!this.isReady || !this.panel.visible || this.isPaused) return;
            const { active, failure } = this.store;
            if (active !== undefined) await this.show(active);
            else if (failure !== undefined) await this.showStale(failure);
        }
    }

    private async show(active: ActiveVm): Promise<void> {
        const isNew = this.shown?.id !== active.ref.id || this.shown.place !== active.ref.place;
        if (isNew) {
            this.addressSpace = 0;
            this.selection = undefined;
            this.sent = undefined;
        }
        const parameters = { vm: active.ref.id, addressSpace: this.addressSpace };
        const agent = this.store.agentOf(active.ref);
        const read = (token?: vscode.CancellationToken, report?: Report) =>
            agent.request('map', parameters, { ...(token ? { token } : {}), ...(report ? { report } : {}) });
        const busy = setTimeout(() => void this.post({ type: 'busy', busy: true }), busyAfterMs);
        try {
            // What refreshes by itself stays silent; what the user waits for shows its progress.
            const map = this.sent === undefined ? await withSlowProgress(vscode.l10n.t('Reading the page map'), read) : await read();
            this.onDidRead({ vm: active.ref, addressSpace: map.addressSpace, totals: map.totals });
            const event = mapEvent(active, map);
            const next = sentMap(event, map);
            if (this.sent === undefined || !isSameMap(this.sent, next)) {
                this.shown = active.ref;
                this.sent = next;
                this.stale = undefined;
                this.panel.title = vscode.l10n.t('Page Map: {0}', event.type === 'map' ? event.title : '');
                await this.post(event);
            }
            await this.postGoTo();
        } catch (thrown) {
            const error = toGuestmemError(thrown);
            this.isPaused = error.code === 'cancelled';
            await this.showStale(error);
        } finally {
            clearTimeout(busy);
            await this.post({ type: 'busy', busy: false });
        }
    }

    private async showStale(error: GuestmemError): Promise<void> {
        this.sent = undefined;
        const readAgain = { label: vscode.l10n.t('Read Again'), apply: () => this.readAgain() };
        const close = { label: vscode.l10n.t('Close the Map'), apply: () => this.close() };
        const specific = remediesFor(error);
        const remedies = [...(specific.length === 0 ? [readAgain] : specific), close];
        const isSaid = this.stale?.message === error.message;
        this.stale = { message: error.message, remedies };
        if (!isSaid) await this.post({ type: 'stale', message: error.message, remedies: remedies.map(({ label }) => label) });
    }

    private async readAgain(): Promise<void> {
        this.isPaused = false;
        await this.store.refresh();
        await this.refresh();
    }

    private async postGoTo(): Promise<void> {
        if (this.pendingGoTo === undefined) return;
        const range = this.pendingGoTo;
        this.pendingGoTo = undefined;
        await this.post({ type: 'goTo', range });
    }

    private async post(event: MapEvent): Promise<void> {
        await this.panel.webview.postMessage(event);
    }

    private async obey(request: MapRequest): Promise<void> {
        switch (request.type) {
            case 'ready':
                // Also after the panel was hidden: VS Code dropped the page, and with it the map.
                this.isReady = true;
                this.sent = undefined;
                this.stale = undefined;
                return this.refresh();
            case 'refresh':
                return this.readAgain();
            case 'showAddressSpace':
                this.isPaused = false;
                this.addressSpace = request.addressSpace;
                this.sent = undefined;
                return this.refresh();
            case 'explain':
                return this.explain(request.gpa);
            case 'select':
                this.selection = request.range ?? undefined;
                return;
            case 'convert':
                return this.execute(
                    request.to === 'private' ? 'guestmem.memory.convertToPrivate' : 'guestmem.memory.convertToShared',
                    request.range,
                );
            case 'readMemory':
                return this.execute('guestmem.memory.read', request.range);
            case 'copy':
                return vscode.env.clipboard.writeText(request.text);
            case 'remedy':
                await this.stale?.remedies.find(({ label }) => label === request.label)?.apply();
        }
    }

    private async explain(gpa: string): Promise<void> {
        const { shown, addressSpace } = this;
        if (shown === undefined) return;
        try {
            const facts = await this.store.agentOf(shown).request('explain', { vm: shown.id, addressSpace, gpa });
            await this.post({ type: 'explained', gpa, facts });
        } catch {
            // The map's tooltip asks while the pointer moves; why a VM cannot be read any more is told by the stale map.
            await this.post({ type: 'explained', gpa, facts: null });
        }
    }

    private async execute(command: CommandId, range: WireRange): Promise<void> {
        if (this.shown === undefined) return;
        await vscode.commands.executeCommand(command, { vm: this.shown, range } satisfies CommandTarget);
    }

    private updatePolling(): void {
        this.poller.wanted = this.panel.visible;
    }
}
