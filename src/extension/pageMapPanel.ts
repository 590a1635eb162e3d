/**
 * The webview panel of the page map: the host's side of src/common/mapMessages.ts. It shows the active VM, whose map the
 * agent holds open, has it refreshed while it is visible, and passes the webview's questions on to the agent.
 */
import * as vscode from 'vscode';
import { unpackPageRuns } from '../common/agentProtocol';
import { toGuestmemError, type GuestmemError } from '../common/errors';
import type { CommandId } from '../common/manifest';
import type { MapAction, MapAnswer, MapEvent, MapQuestion, MapRequest } from '../common/mapMessages';
import { parseMapRequest } from '../common/mapRequest';
import type { PageTotals } from '../common/model';
import type { Extent, MapHandle, OpenedMap } from '../common/openedMap';
import type { WireRange } from '../common/range';
import type { AgentClient } from './agentClient';
import type { CommandBoundary } from './commandBoundary';
import type { CommandTarget } from './commandTarget';
import { remediesFor, type Remedy } from './errorRemedies';
import { firstRow, frameOf, shownMap, tilesEvent } from './pageMapEvent';
import { pageMapHtml, resourceFolders } from './pageMapHtml';
import { Poller } from './poller';
import { withSlowProgress } from './slowProgress';
import type { ActiveVm, VmRef, VmStore } from './vmStore';

/** A read that takes longer shows that it is under way. */
const busyAfterMs = 300;

/** The commands of what can be done with a selection. */
const commands: Partial<Record<MapAction, CommandId>> = {
    convertToPrivate: 'guestmem.memory.convertToPrivate',
    convertToShared: 'guestmem.memory.convertToShared',
    readMemory: 'guestmem.memory.read',
};

/** A map that an agent holds open for this panel. */
interface Held {
    readonly ref: VmRef;
    readonly agent: AgentClient;
    readonly map: MapHandle;
    readonly addressSpace: number;
}

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
    /** The map that is shown: what a selection of the user is about. */
    private held: Held | undefined;
    /** What the webview has of it. */
    private sent: string | undefined;
    private opened: OpenedMap | undefined;
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
                this.closeHeld();
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
        const agent = this.store.agentOf(active.ref);
        const isSameVm = this.held?.ref.id === active.ref.id && this.held.ref.place === active.ref.place;
        if (!isSameVm) {
            this.addressSpace = 0;
            this.selection = undefined;
        }
        if (!isSameVm || this.held?.agent !== agent || this.held.addressSpace !== this.addressSpace) this.closeHeld();
        const busy = setTimeout(() => void this.post({ type: 'busy', busy: true }), busyAfterMs);
        try {
            const { opened, changed } = this.held === undefined ? await this.open(active, agent) : await this.refreshHeld(this.held);
            if (opened !== undefined) await this.send(active.ref, opened, changed);
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

    /** What the user waits for shows its progress. */
    private async open({ ref }: ActiveVm, agent: AgentClient): Promise<{ opened: OpenedMap; changed: null }> {
        const parameters = { vm: ref.id, addressSpace: this.addressSpace };
        const opened = await withSlowProgress(vscode.l10n.t('Reading the page map'), (token, report) =>
            agent.request('openMap', parameters, { token, report }),
        );
        this.held = { ref, agent, map: opened.map, addressSpace: opened.addressSpace };
        this.opened = opened;
        return { opened, changed: null };
    }

    /** What refreshes by itself stays silent. */
    private async refreshHeld({ agent, map }: Held): Promise<{ opened: OpenedMap | undefined; changed: readonly Extent[] | null }> {
        const refresh = await agent.request('refreshMap', { map });
        if (!refresh.changed) return { opened: this.opened, changed: [] };
        this.opened = refresh.opened;
        return { opened: refresh.opened, changed: refresh.extents };
    }

    private async send(ref: VmRef, opened: OpenedMap, changed: readonly Extent[] | null): Promise<void> {
        this.onDidRead({ vm: ref, addressSpace: opened.addressSpace, totals: opened.totals });
        const map = shownMap(ref, opened);
        const frame = frameOf(map);
        if (this.sent === frame) return;
        const isNew = this.sent === undefined;
        this.sent = frame;
        this.stale = undefined;
        this.panel.title = vscode.l10n.t('Page Map: {0}', map.title);
        await this.post({ type: 'map', map, changed: isNew ? null : changed, mode: 'live', comparable: [] });
    }

    private closeHeld(): void {
        const { held } = this;
        this.held = undefined;
        this.opened = undefined;
        this.sent = undefined;
        // The agent closes what it holds when it ends; that it ended is told by the next request.
        held?.agent.request('closeMap', { map: held.map }).catch(() => undefined);
    }

    private async showStale(error: GuestmemError): Promise<void> {
        this.closeHeld();
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
            case 'tiles':
                return this.sendTiles(request);
            case 'ask':
                return this.answer(request.question, request.generation, request.about);
            case 'select':
                this.selection = request.range ?? undefined;
                return;
            case 'act':
                return this.execute(commands[request.action], request.range);
            case 'copy':
                return vscode.env.clipboard.writeText(request.text);
            case 'remedy':
                await this.stale?.remedies.find(({ label }) => label === request.label)?.apply();
        }
    }

    private async sendTiles({ generation, layer, level, tiles }: Extract<MapRequest, { type: 'tiles' }>): Promise<void> {
        const { held } = this;
        if (held === undefined) return;
        try {
            const answer = await held.agent.request('tiles', { map: held.map, generation, layer, level, tiles });
            await this.post(tilesEvent(generation, layer, level, answer.tiles));
        } catch {
            // Of a generation that has passed: the next map is on its way. Why a VM cannot be read is told by the stale map.
            await this.refresh();
        }
    }

    private async answer(question: number, generation: number, about: MapQuestion): Promise<void> {
        let answer: MapAnswer | null = null;
        try {
            if (this.held !== undefined) answer = await this.ask(this.held, generation, about);
        } catch {
            // The map's tooltip asks while the pointer moves; why a VM cannot be read any more is told by the stale map.
        }
        await this.post({ type: 'answer', question, answer });
    }

    private async ask({ ref, agent, map, addressSpace }: Held, generation: number, about: MapQuestion): Promise<MapAnswer> {
        switch (about.type) {
            case 'count': {
                const { counts, run } = await agent.request('countPages', { map, generation, layer: about.layer, extent: about.extent });
                return { type: 'count', counts, row: firstRow(run) };
            }
            case 'explain':
                return { type: 'explain', facts: await agent.request('explain', { vm: ref.id, addressSpace, gpa: about.gpa }) };
            case 'find': {
                const { layer, classes, gfn, direction } = about;
                return { type: 'find', extent: await agent.request('findRun', { map, generation, layer, classes, gfn, direction }) };
            }
            case 'list': {
                const { filter, order, descending, first, most } = about;
                const list = await agent.request('listRuns', { map, generation, filter, order, descending, first, most });
                const { presence, total, totalPages } = list;
                return { type: 'list', runs: unpackPageRuns(list.runs), before: null, presence, total, totalPages };
            }
        }
    }

    private async execute(command: CommandId | undefined, range: WireRange): Promise<void> {
        if (this.held === undefined || command === undefined) return;
        await vscode.commands.executeCommand(command, { vm: this.held.ref, range } satisfies CommandTarget);
    }

    private updatePolling(): void {
        this.poller.wanted = this.panel.visible;
    }
}
