/**
 * The view guestmem.events, Guest Memory Events: the host's side of src/common/eventsViewMessages.ts, and the commands of
 * its rows: guestmem.events.show, .onlyRange, .onlyKind and .copy.
 */
import * as vscode from 'vscode';
import { toGuestmemError } from '../../common/errors';
import type { EventsAnswer, EventsQuestion, EventsViewAction, EventsViewEvent, EventsViewRequest } from '../../common/eventsViewMessages';
import { parseEventsViewRequest } from '../../common/eventsViewRequest';
import { eventKinds } from '../../common/eventWords';
import { eventsView, type CommandId } from '../../common/manifest';
import { resolveVm } from '../activeVm';
import type { CommandBoundary } from '../commandBoundary';
import { parseTarget, type CommandTarget } from '../commandTarget';
import { remediesFor, type Remedy } from '../connection/errorRemedies';
import type { PageMap } from '../map/pageMap';
import type { VmRef, VmStore } from '../vmStore';
import { loadPage } from '../webviewPage';
import { eventsSubject, ShownVm } from './eventsSubject';
import { costOfRecording } from './recordingCost';
import type { Recordings } from './recordings';

const styles = ['controls.css', 'table.css', 'events.css'] as const;

const commands: Readonly<Record<EventsViewAction, CommandId>> = {
    record: 'guestmem.events.record',
    selectVm: 'guestmem.vm.select',
};

export interface EventsViewParts {
    readonly store: VmStore;
    readonly recordings: Recordings;
    readonly map: PageMap;
    readonly boundary: CommandBoundary;
    readonly extensionUri: vscode.Uri;
}

export class EventsView implements vscode.WebviewViewProvider, vscode.Disposable {
    private readonly shown: ShownVm;
    private readonly visibilityChanged = new vscode.EventEmitter<void>();
    private readonly disposables: readonly { dispose(): void }[];
    private view: vscode.WebviewView | undefined;
    private isReady = false;
    /** For the recordings' service, while the view is visible. */
    private watching: vscode.Disposable | undefined;
    private remedies: readonly Remedy[] = [];
    /** Asked for before the page was there. */
    private narrowing: Extract<EventsViewEvent, { type: 'narrow' }> | undefined;
    readonly onDidChangeVisibility = this.visibilityChanged.event;

    constructor(private readonly parts: EventsViewParts) {
        const { store, recordings, boundary } = parts;
        this.shown = new ShownVm(store, recordings);
        this.disposables = [
            vscode.window.registerWebviewViewProvider(eventsView.id, this),
            store.onDidChange(() => void boundary.run(() => this.shown.discardUnreachable())),
            store.onDidChange(() => void this.update()),
            recordings.onDidChange(() => void this.update()),
            boundary.register('guestmem.events.show', (argument) => this.show(parseTarget(argument))),
            boundary.register('guestmem.events.onlyRange', (argument) => this.narrow({ type: 'narrow', range: parseTarget(argument).range ?? null, kind: null })),
            boundary.register('guestmem.events.onlyKind', (argument) => this.narrow({ type: 'narrow', range: null, kind: kindOf(argument) })),
            boundary.register('guestmem.events.copy', async (argument) => {
                const { copyText } = parseTarget(argument);
                if (copyText !== undefined) await vscode.env.clipboard.writeText(copyText);
            }),
            this.visibilityChanged,
        ];
    }

    get isVisible(): boolean {
        return this.view?.visible === true;
    }

    resolveWebviewView(view: vscode.WebviewView): void {
        const { extensionUri, boundary } = this.parts;
        this.view = view;
        this.isReady = false;
        view.webview.onDidReceiveMessage((message: unknown) => {
            const request = parseEventsViewRequest(message);
            if (request !== undefined) void boundary.run(() => this.obey(request));
        });
        view.onDidChangeVisibility(() => this.updateVisibility());
        view.onDidDispose(() => {
            this.view = undefined;
            this.updateVisibility();
        });
        loadPage(view.webview, extensionUri, { title: eventsView.name, script: 'events.js', styles });
        this.updateVisibility();
    }

    dispose(): void {
        this.watching?.dispose();
        for (const disposable of this.disposables) disposable.dispose();
    }

    /** With a range, only what happened there. */
    private async show({ range, ...target }: CommandTarget): Promise<void> {
        await resolveVm(this.parts.store, target);
        await vscode.commands.executeCommand(`${eventsView.id}.focus`);
        if (range !== undefined) await this.narrow({ type: 'narrow', range, kind: null });
    }

    private async narrow(narrowing: Extract<EventsViewEvent, { type: 'narrow' }>): Promise<void> {
        if (this.isReady) await this.post(narrowing);
        else this.narrowing = narrowing;
    }

    private updateVisibility(): void {
        if (this.isVisible) this.watching ??= this.parts.recordings.watch();
        else {
            this.watching?.dispose();
            this.watching = undefined;
            // VS Code drops the page of a hidden view.
            this.isReady = false;
        }
        this.visibilityChanged.fire();
    }

    private async update(): Promise<void> {
        const { store, recordings } = this.parts;
        const { now } = this.shown;
        if (this.view !== undefined) this.view.description = now === undefined ? '' : now.details.vm.name ?? now.ref.id;
        if (!this.isReady) return;
        const why = (now === undefined ? undefined : recordings.lossOf(now.ref)) ?? (store.active === undefined ? store.failure : undefined);
        this.remedies = why === undefined ? [] : remediesFor(why);
        await this.post({
            type: 'shown',
            subject: now === undefined ? null : eventsSubject(now, store, recordings),
            problem: why === undefined ? null : { message: why.message, remedies: this.remedies.map(({ label }) => label) },
            cost: costOfRecording(),
        });
    }

    private async obey(request: EventsViewRequest): Promise<void> {
        const { now } = this.shown;
        switch (request.type) {
            case 'ready':
                this.isReady = true;
                await this.update();
                if (this.narrowing !== undefined) await this.post(this.narrowing);
                this.narrowing = undefined;
                return;
            case 'ask':
                return this.answer(request.question, request.about);
            case 'act':
                await vscode.commands.executeCommand(commands[request.action], ...(now === undefined ? [] : [{ vm: now.ref } satisfies CommandTarget]));
                return;
            case 'selection':
                return this.post({ type: 'selection', range: this.parts.map.selection ?? null });
            case 'showOnMap':
                if (now !== undefined) await vscode.commands.executeCommand('guestmem.map.show' satisfies CommandId, { vm: now.ref, range: request.range } satisfies CommandTarget);
                return;
            case 'showAt':
                if (now !== undefined) await vscode.commands.executeCommand('guestmem.map.showAt' satisfies CommandId, targetAt(now.ref, request));
                return;
            case 'copy':
                return vscode.env.clipboard.writeText(request.text);
            case 'remedy':
                await this.remedies.find(({ label }) => label === request.label)?.apply();
        }
    }

    private async answer(question: number, about: EventsQuestion): Promise<void> {
        const { now } = this.shown;
        try {
            const answer = now === undefined ? null : await this.ask(now.ref, about);
            await this.post({ type: 'answer', question, answer, problem: null });
        } catch (thrown) {
            await this.post({ type: 'answer', question, answer: null, problem: toGuestmemError(thrown).message });
        }
    }

    private async ask(ref: VmRef, about: EventsQuestion): Promise<EventsAnswer> {
        const { recordings } = this.parts;
        if (about.type === 'list') {
            const { filter, first, most } = about;
            return { type: 'list', ...(await recordings.ask(ref, 'listEvents', { filter, first, most })) };
        }
        const { filter, from, to, buckets } = about;
        const { kinds, counts } = await recordings.ask(ref, 'countEvents', { filter, from, to, buckets });
        // Copied: the bytes of a message need not lie where 32-bit numbers may.
        return { type: 'count', kinds, buckets, counts: new Uint32Array(new Uint8Array(counts).buffer) };
    }

    private async post(event: EventsViewEvent): Promise<void> {
        await this.view?.webview.postMessage(event);
    }
}

const targetAt = (vm: VmRef, { time, range }: Extract<EventsViewRequest, { type: 'showAt' }>): CommandTarget => ({ vm, time, ...(range === null ? {} : { range }) });

function kindOf(argument: unknown): (typeof eventKinds)[number] | null {
    const { kind } = (argument ?? {}) as { readonly kind?: unknown };
    return eventKinds.find((one) => one === kind) ?? null;
}
