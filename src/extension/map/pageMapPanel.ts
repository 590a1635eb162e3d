/**
 * The webview panel of the page map: the host's side of src/common/mapMessages.ts. It shows the map of its source, has it
 * looked at again while it is visible and not paused, and passes the webview's questions on to the agent.
 */
import * as vscode from 'vscode';
import { toGuestmemError, type GuestmemError } from '../../common/errors';
import type { CommandId } from '../../common/manifest';
import type { LiveMode, MapAction, MapEvent, MapRequest } from '../../common/mapMessages';
import { parseMapRequest } from '../../common/mapRequest';
import type { WireRange } from '../../common/range';
import type { CommandBoundary } from '../commandBoundary';
import type { CommandTarget } from '../commandTarget';
import { remediesFor, type Remedy } from '../connection/errorRemedies';
import type { KeptStates } from './keptStates';
import { answerQuestion, readTiles } from './mapAnswers';
import { MapSnapshots } from './mapSnapshots';
import type { MapSource, SourceMap } from './mapSource';
import type { MapTimeline, TimelinePanel } from './mapTimeline';
import { Poller } from '../poller';
import { getSetting } from '../settings';
import { shownMap } from './shownMap';
import { withSlowProgress } from '../slowProgress';
import { loadPage } from '../webviewPage';

/** A read that takes longer shows that it is under way. */
const busyAfterMs = 300;

const styles = ['controls.css', 'table.css', 'pageMap.css', 'timeline.css'] as const;

const commands: Readonly<Record<MapAction, CommandId>> = {
    convertToPrivate: 'guestmem.memory.convertToPrivate',
    convertToShared: 'guestmem.memory.convertToShared',
    punch: 'guestmem.memory.punch',
    allocate: 'guestmem.memory.allocate',
    preFault: 'guestmem.memory.preFault',
    readMemory: 'guestmem.memory.read',
    explain: 'guestmem.address.explain',
};

export interface PanelParts {
    readonly boundary: CommandBoundary;
    readonly extensionUri: vscode.Uri;
    readonly kept: KeptStates;
    /** Where there is a VM that can be recorded. */
    readonly makeTimeline?: (panel: TimelinePanel) => MapTimeline;
}

export interface PanelEvents {
    didRead(map: SourceMap, source: MapSource): void;
    didChangeMode(): void;
    didClose(): void;
}

export class PageMapPanel {
    private readonly disposables: readonly { dispose(): void }[];
    private readonly poller = new Poller(
        () => this.refresh(),
        () => getSetting('guestmem.map.refreshInterval') * 1000,
    );
    private isReady = false;
    /** A comparison, or the past. */
    private instead: MapSource | undefined;
    readonly timeline: MapTimeline | undefined;
    readonly snapshots: MapSnapshots;
    /** What the webview has, and the number that it has it under: one for each map and generation of a map. */
    private shown: SourceMap | undefined;
    private generation = 0;
    private pendingGoTo: WireRange | undefined;
    private refreshing: Promise<void> | undefined;
    private again = false;
    /** The user cancelled a long read: only the user starts another. */
    private isGivenUp = false;
    private liveMode: LiveMode = 'live';
    /** Why the map is stale, and what its buttons do. It is sent once: new buttons would lose the focus. */
    private stale: { readonly message: string; readonly remedies: readonly Remedy[] } | undefined;
    selection: WireRange | undefined;

    constructor(
        private readonly panel: vscode.WebviewPanel,
        readonly now: MapSource,
        private readonly parts: PanelParts,
        private readonly events: PanelEvents,
    ) {
        const { extensionUri, boundary, kept } = parts;
        this.snapshots = new MapSnapshots(now, kept, boundary, (source) => this.showInstead(source));
        this.timeline = parts.makeTimeline?.(this);
        panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.svg');
        this.disposables = [
            panel.webview.onDidReceiveMessage((message: unknown) => {
                const request = parseMapRequest(message);
                if (request !== undefined) void boundary.run(() => this.obey(request));
            }),
            panel.onDidChangeViewState(() => this.updatePolling()),
            now.onDidChange(() => this.sourceChanged()),
            this.poller,
            panel.onDidDispose(() => {
                for (const disposable of this.disposables) disposable.dispose();
                this.timeline?.dispose();
                this.leave(undefined);
                now.dispose();
                events.didClose();
            }),
        ];
        loadPage(panel.webview, extensionUri, { title: vscode.l10n.t('Page Map'), script: 'pageMap.js', styles });
        this.updatePolling();
    }

    get isVisible(): boolean {
        return this.panel.visible;
    }

    get mode(): LiveMode {
        return this.liveMode;
    }

    reveal(): void {
        this.panel.reveal();
    }

    close(): void {
        this.panel.dispose();
    }

    /** Scrolls to the range, once the map is there. */
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

    async setMode(mode: LiveMode): Promise<void> {
        this.liveMode = mode;
        this.updatePolling();
        this.events.didChangeMode();
        await this.post({ type: 'mode', mode });
    }

    private get source(): MapSource {
        return this.instead ?? this.now;
    }

    /** Shows this source instead of what is now (undefined = what is now); resolves when the webview has it, or why not. */
    async showInstead(source: MapSource | undefined): Promise<void> {
        this.isGivenUp = false;
        this.leave(source);
        // What is now was read before: it is back at once, and then looked at again.
        const { current } = this.now;
        if (source === undefined && current !== undefined && this.isReady) await this.send(current, this.now);
        await this.refresh();
    }

    private leave(next: MapSource | undefined): void {
        const { instead } = this;
        this.instead = next;
        if (instead !== next) instead?.dispose();
    }

    private sourceChanged(): void {
        if (this.liveMode === 'live' || !this.source.isCurrent) void this.refresh();
    }

    private async readWhileAsked(): Promise<void> {
        while (this.again) {
            this.again = false;
            if (!this.isReady || !this.panel.visible || this.isGivenUp) return;
            const { source } = this;
            const busy = setTimeout(() => void this.post({ type: 'busy', busy: true }), busyAfterMs);
            try {
                await this.show(source);
            } catch (thrown) {
                await this.fail(toGuestmemError(thrown), source);
            } finally {
                clearTimeout(busy);
                await this.post({ type: 'busy', busy: false });
            }
        }
    }

    private async show(source: MapSource): Promise<void> {
        // What refreshes by itself stays silent; what the user waits for shows its progress.
        const waits = this.shown === undefined || this.stale !== undefined || !source.isCurrent;
        const map = waits
            ? await withSlowProgress(vscode.l10n.t('Reading the page map'), (token, report) => source.read({ token, report }))
            : await source.read();
        if (map === undefined) return;
        if (source === this.source) await this.send(map, source);
        else this.again = true;
        await this.postGoTo();
    }

    private async send(map: SourceMap, source: MapSource): Promise<void> {
        const { shown } = this;
        this.events.didRead(map, source);
        this.shown = map;
        const isSameMap = shown?.agent === map.agent && shown.opened.map === map.opened.map;
        if (isSameMap && shown.opened.generation === map.opened.generation && this.stale === undefined) {
            if (shown.takenAt !== map.takenAt) await this.post({ type: 'taken', takenAt: map.takenAt });
            return;
        }
        if (shown?.subject !== map.subject) this.selection = undefined;
        this.stale = undefined;
        this.generation++;
        // An editor is named after its file.
        if (this.now.readOnly === null) this.panel.title = vscode.l10n.t('Page Map: {0}', map.title);
        await this.post({ type: 'map', map: shownMap(map, source, this.generation), changed: isSameMap ? map.changed : null });
    }

    private async fail(error: GuestmemError, source: MapSource): Promise<void> {
        if (source !== this.now) {
            // Where the map itself cannot be read, that is told next.
            if (source === this.instead) {
                void this.parts.boundary.run(() => Promise.reject(error));
                this.leave(undefined);
            }
            this.again = true;
            return;
        }
        this.isGivenUp = error.code === 'cancelled';
        await this.showStale(error);
    }

    private async showStale(error: GuestmemError): Promise<void> {
        const readAgain = { label: vscode.l10n.t('Read Again'), apply: () => this.readAgain() };
        const close = { label: vscode.l10n.t('Close the Map'), apply: () => this.close() };
        const specific = remediesFor(error);
        const remedies = [...(specific.length === 0 ? [readAgain] : specific), close];
        const isSaid = this.stale?.message === error.message;
        this.stale = { message: error.message, remedies };
        if (!isSaid) await this.post({ type: 'stale', message: error.message, remedies: remedies.map(({ label }) => label) });
    }

    private async readAgain(): Promise<void> {
        this.isGivenUp = false;
        await this.now.lookAgain();
        await this.refresh();
    }

    private async postGoTo(): Promise<void> {
        if (this.pendingGoTo === undefined) return;
        const range = this.pendingGoTo;
        this.pendingGoTo = undefined;
        await this.post({ type: 'goTo', range });
    }

    async post(event: MapEvent): Promise<void> {
        await this.panel.webview.postMessage(event);
    }

    private async obey(request: MapRequest): Promise<void> {
        switch (request.type) {
            case 'ready':
                // Also after the panel was hidden: VS Code dropped the page, and with it the map.
                this.isReady = true;
                this.shown = undefined;
                this.stale = undefined;
                await this.post({ type: 'mode', mode: this.liveMode });
                await this.timeline?.ready();
                return this.refresh();
            case 'refresh':
                return this.readAgain();
            case 'showAddressSpace':
                this.isGivenUp = false;
                this.now.showAddressSpace(request.addressSpace);
                return this.showInstead(undefined);
            case 'tiles':
                return this.sendTiles(request);
            case 'ask':
                return this.answer(request);
            case 'setMode':
                return this.setMode(request.mode);
            case 'keep':
                return this.snapshots.keep();
            case 'chooseComparison':
                return this.snapshots.chooseComparison();
            case 'endComparison':
                return this.showInstead(undefined);
            case 'save':
                return this.snapshots.save();
            case 'select':
                this.selection = request.range ?? undefined;
                return;
            case 'act':
                return this.execute(commands[request.action], request.range);
            case 'copy':
                return vscode.env.clipboard.writeText(request.text);
            case 'remedy':
                await this.stale?.remedies.find(({ label }) => label === request.label)?.apply();
                return;
            default:
                return this.timeline?.obey(request);
        }
    }

    private async sendTiles(request: Extract<MapRequest, { type: 'tiles' }>): Promise<void> {
        if (this.shown === undefined || request.generation !== this.generation) return;
        try {
            await this.post(await readTiles(this.shown, request));
        } catch {
            // Of a generation that has passed: the next map is on its way. Why a VM cannot be read is told by the stale map.
            await this.refresh();
        }
    }

    private async answer({ question, generation, about }: Extract<MapRequest, { type: 'ask' }>): Promise<void> {
        const isOfShown = this.shown !== undefined && generation === this.generation;
        try {
            const answer = isOfShown && this.shown !== undefined ? await answerQuestion(this.source, this.shown, about) : null;
            await this.post({ type: 'answer', question, answer });
        } catch {
            // The map's tooltip asks while the pointer moves; why a VM cannot be read any more is told by the stale map.
            await this.post({ type: 'answer', question, answer: null });
        }
    }

    private async execute(command: CommandId, range: WireRange): Promise<void> {
        const { vm } = this.source;
        if (vm !== undefined) await vscode.commands.executeCommand(command, { vm, range } satisfies CommandTarget);
    }

    private updatePolling(): void {
        if (this.timeline !== undefined) this.timeline.isVisible = this.panel.visible;
        this.poller.wanted = this.panel.visible && this.liveMode === 'live' && this.now.readOnly === null;
        // The poller looks at once; without it what is shown anew is read once.
        if (this.panel.visible) void this.refresh();
    }
}
