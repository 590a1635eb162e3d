/**
 * The findings of the active VM, as the tree shows them. They cost a look at every page, so an agent is asked only while
 * somebody looks at the tree: at once when another VM is active, else every few seconds.
 */
import * as vscode from 'vscode';
import { toGuestmemError, type GuestmemError } from '../../common/errors';
import type { FindingList } from '../../common/finding';
import { Poller } from '../poller';
import { isSame, type VmRef, type VmStore } from '../vmStore';

/** Milliseconds. */
const shortestPause = 5000;

export type FindingsState =
    | { readonly kind: 'none' }
    | { readonly kind: 'reading'; readonly vm: VmRef }
    | { readonly kind: 'ready'; readonly vm: VmRef; readonly list: FindingList }
    | { readonly kind: 'failed'; readonly vm: VmRef; readonly error: GuestmemError };

export class VmFindings implements vscode.Disposable {
    private current: FindingsState = { kind: 'none' };
    private isWatched = false;
    private reading: { readonly vm: VmRef; readonly cancellation: vscode.CancellationTokenSource; readonly done: Promise<void> } | undefined;
    private readonly changed = new vscode.EventEmitter<void>();
    private readonly poller = new Poller(() => this.refresh(), () => shortestPause);
    private readonly listener: vscode.Disposable;
    readonly onDidChange = this.changed.event;

    constructor(private readonly store: VmStore) {
        this.listener = store.onDidChange(() => this.follow());
    }

    get state(): FindingsState {
        return this.current;
    }

    /** Somebody looks: what is shown is kept true. */
    set watched(watched: boolean) {
        this.isWatched = watched;
        this.poller.wanted = watched;
        // A look that was cancelled a moment ago may be ending yet: then the poller would pause after it.
        if (watched) void this.refresh();
        else this.cancel();
    }

    /** Asks the agent again, if somebody looks. Requests for the VM that is being looked at share one answer. */
    refresh(): Promise<void> {
        if (!this.isWatched) return Promise.resolve();
        const { active } = this.store;
        if (active === undefined) {
            this.cancel();
            this.set({ kind: 'none' });
            return Promise.resolve();
        }
        if (this.reading !== undefined && isSame(this.reading.vm, active.ref)) return this.reading.done;
        this.cancel();
        const cancellation = new vscode.CancellationTokenSource();
        const done = this.read(active.ref, cancellation.token).finally(() => {
            if (this.reading === reading) this.reading = undefined;
            cancellation.dispose();
        });
        const reading = { vm: active.ref, cancellation, done };
        this.reading = reading;
        return done;
    }

    dispose(): void {
        this.watched = false;
        this.poller.dispose();
        this.listener.dispose();
        this.changed.dispose();
    }

    private cancel(): void {
        this.reading?.cancellation.cancel();
        this.reading = undefined;
    }

    private async read(vm: VmRef, token: vscode.CancellationToken): Promise<void> {
        if (this.current.kind === 'none' || !isSame(this.current.vm, vm)) this.set({ kind: 'reading', vm });
        try {
            const list = await this.store.agentOf(vm).request('findings', { vm: vm.id }, { token });
            if (!token.isCancellationRequested) this.set({ kind: 'ready', vm, list });
        } catch (thrown) {
            const error = toGuestmemError(thrown);
            if (!token.isCancellationRequested) this.set({ kind: 'failed', vm, error });
        }
    }

    /** What is known of another VM is not shown beside the active one. */
    private follow(): void {
        const { active } = this.store;
        if (this.current.kind !== 'none' && active !== undefined && isSame(this.current.vm, active.ref)) return;
        if (this.isWatched) void this.refresh();
        else this.set({ kind: 'none' });
    }

    private set(state: FindingsState): void {
        if (JSON.stringify(this.current) === JSON.stringify(state)) return;
        this.current = state;
        this.changed.fire();
    }
}
