/**
 * The webview panel of the active VM's account: the host's side of src/common/accountMessages.ts. It is read again while it
 * is visible; PSS of a large VMM, which holds its mmap lock for long, only where the user asks for it.
 */
import * as vscode from 'vscode';
import type { Hex } from '../../common/address';
import { parseAccountRequest, type AccountEvent, type AccountRequest } from '../../common/accountMessages';
import { toGuestmemError, type GuestmemError } from '../../common/errors';
import type { CommandId } from '../../common/manifest';
import type { MemoryAccount } from '../../common/memoryAccount';
import type { CommandBoundary } from '../commandBoundary';
import type { CommandTarget } from '../commandTarget';
import { remediesFor, type Remedy } from '../connection/errorRemedies';
import { Poller } from '../poller';
import { getSetting } from '../settings';
import { vmLabel } from '../trees/memslotText';
import { isSame, type ActiveVm, type VmRef, type VmStore } from '../vmStore';
import { loadPage } from '../webviewPage';

/** A reading that takes longer shows that it is under way. */
const busyAfterMs = 300;

export class AccountPanel {
    private readonly disposables: readonly { dispose(): void }[];
    private readonly poller = new Poller(
        () => this.read(),
        () => getSetting('guestmem.map.refreshInterval') * 1000,
    );
    private isReady = false;
    /** The user cancelled a reading: only the user starts another. */
    private isGivenUp = false;
    private reading: vscode.CancellationTokenSource | undefined;
    /** The last one that was asked for, and of which VM. */
    private pss: { readonly vm: VmRef; readonly bytes: Hex | null } | undefined;
    private shown: VmRef | undefined;
    private stale: { readonly message: string; readonly remedies: readonly Remedy[] } | undefined;

    constructor(
        private readonly panel: vscode.WebviewPanel,
        private readonly store: VmStore,
        boundary: CommandBoundary,
        extensionUri: vscode.Uri,
        didClose: () => void,
    ) {
        panel.iconPath = vscode.Uri.joinPath(extensionUri, 'media', 'icon.svg');
        this.disposables = [
            panel.webview.onDidReceiveMessage((message: unknown) => {
                const request = parseAccountRequest(message);
                if (request !== undefined) void boundary.run(() => this.obey(request));
            }),
            panel.onDidChangeViewState(() => this.updatePolling()),
            store.onDidChange(() => this.vmChanged()),
            this.poller,
            panel.onDidDispose(() => {
                this.reading?.cancel();
                for (const disposable of this.disposables) disposable.dispose();
                didClose();
            }),
        ];
        loadPage(panel.webview, extensionUri, { title: vscode.l10n.t('Memory Accounting'), script: 'account.js', styles: ['controls.css', 'account.css'] });
    }

    reveal(): void {
        this.panel.reveal();
    }

    close(): void {
        this.panel.dispose();
    }

    private updatePolling(): void {
        this.poller.wanted = this.isReady && this.panel.visible && !this.isGivenUp;
    }

    private vmChanged(): void {
        const { ref } = this.store.active ?? {};
        if (ref?.place === this.shown?.place && ref?.id === this.shown?.id) return;
        this.isGivenUp = false;
        this.reading?.cancel();
        void this.read();
    }

    /** Never rejects. One at a time: what comes in between is answered by the next. */
    private async read(withPss = false): Promise<void> {
        const { active, failure } = this.store;
        if (!this.isReady || !this.panel.visible || this.reading !== undefined) return;
        if (active === undefined) {
            if (failure !== undefined) await this.showStale(failure);
            return;
        }
        const reading = new vscode.CancellationTokenSource();
        this.reading = reading;
        const busy = setTimeout(() => void this.post({ type: 'busy', busy: true }), busyAfterMs);
        try {
            await this.show(active, withPss, reading.token);
        } catch (thrown) {
            await this.fail(toGuestmemError(thrown), active);
        } finally {
            clearTimeout(busy);
            reading.dispose();
            this.reading = undefined;
            await this.post({ type: 'busy', busy: false });
        }
    }

    private async show({ ref, details }: ActiveVm, withPss: boolean, token: vscode.CancellationToken): Promise<void> {
        const account = await this.store.agentOf(ref).request('account', { vm: ref.id, pss: withPss }, { token });
        if (this.pss === undefined || !isSame(this.pss.vm, ref) || account.kernel.pss !== null) this.pss = { vm: ref, bytes: account.kernel.pss };
        const told: MemoryAccount = { ...account, kernel: { ...account.kernel, pss: this.pss.bytes } };
        this.shown = ref;
        this.stale = undefined;
        const title = `${vmLabel(details.vm)} (${ref.id})`;
        this.panel.title = vscode.l10n.t('Memory Accounting: {0}', title);
        await this.post({ type: 'account', title, account: told });
    }

    private async fail(error: GuestmemError, asked: ActiveVm): Promise<void> {
        if (error.code === 'cancelled' && this.store.active?.ref.id !== asked.ref.id) return;
        this.isGivenUp = error.code === 'cancelled';
        this.updatePolling();
        await this.showStale(error);
    }

    private async showStale(error: GuestmemError): Promise<void> {
        const readAgain = { label: vscode.l10n.t('Read Again'), apply: () => this.readAgain() };
        const specific = remediesFor(error);
        const remedies = specific.length === 0 ? [readAgain] : specific;
        const isSaid = this.stale?.message === error.message;
        this.stale = { message: error.message, remedies };
        if (!isSaid) await this.post({ type: 'stale', message: error.message, remedies: remedies.map(({ label }) => label) });
    }

    private async readAgain(): Promise<void> {
        this.isGivenUp = false;
        this.updatePolling();
        await this.store.refresh();
        await this.read(true);
    }

    private async obey(request: AccountRequest): Promise<void> {
        switch (request.type) {
            case 'ready':
                // Also after the panel was hidden: VS Code dropped the page, and with it the account.
                this.isReady = true;
                this.stale = undefined;
                this.updatePolling();
                return this.read();
            case 'refresh':
                return this.readAgain();
            case 'cancel':
                this.reading?.cancel();
                return;
            case 'showOnMap': {
                const target: CommandTarget = this.shown === undefined ? {} : { vm: this.shown };
                await vscode.commands.executeCommand('guestmem.map.show' satisfies CommandId, target);
                return;
            }
            case 'remedy':
                await this.stale?.remedies.find(({ label }) => label === request.label)?.apply();
        }
    }

    private async post(event: AccountEvent): Promise<void> {
        await this.panel.webview.postMessage(event);
    }
}
