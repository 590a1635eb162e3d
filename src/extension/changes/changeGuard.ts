/**
 * Whether this window may change a VM: the setting guestmem.allowChanges permits it at all (never in an untrusted
 * workspace), and the commands guestmem.changes.unlock and .lock open and close this window. Context keys
 * guestmem.changesAllowed and guestmem.changesUnlocked say it to the menus.
 */
import * as vscode from 'vscode';
import { GuestmemError } from '../../common/errors';
import type { CommandBoundary } from '../commandBoundary';
import { ManagedContextKey } from '../managedContextKey';
import { getSetting, onDidChangeSetting, openSetting } from '../settings';

export class ChangeGuard implements vscode.Disposable {
    private readonly allowed = new ManagedContextKey('guestmem.changesAllowed');
    private readonly unlocked = new ManagedContextKey('guestmem.changesUnlocked');
    private readonly changed = new vscode.EventEmitter<void>();
    private readonly disposables: readonly { dispose(): void }[];
    readonly onDidChange = this.changed.event;

    constructor(boundary: CommandBoundary) {
        this.update();
        this.disposables = [
            onDidChangeSetting(['guestmem.allowChanges'], () => this.update()),
            vscode.workspace.onDidGrantWorkspaceTrust(() => this.update()),
            boundary.register('guestmem.changes.unlock', () => this.unlock()),
            boundary.register('guestmem.changes.lock', () => this.setUnlocked(false)),
            this.changed,
        ];
    }

    get changesAllowed(): boolean {
        return this.allowed.value;
    }

    get changesUnlocked(): boolean {
        return this.unlocked.value;
    }

    /** Asks for what is missing; resolves to whether this window may change a VM now. */
    async permit(): Promise<boolean> {
        const { l10n, window } = vscode;
        if (!vscode.workspace.isTrusted) {
            throw new GuestmemError(
                'locked',
                l10n.t('Nothing was changed: this workspace is not trusted. Trust it to change the memory of a VM.'),
            );
        }
        if (!this.allowed.value) {
            const open = l10n.t('Open Setting');
            const chosen = await window.showErrorMessage(
                l10n.t('Nothing was changed: the setting guestmem.allowChanges is off, so this window only looks.'),
                open,
            );
            if (chosen === open) await openSetting('guestmem.allowChanges');
            return false;
        }
        if (this.unlocked.value) return true;
        const unlock = l10n.t('Unlock Changes');
        const chosen = await window.showWarningMessage(
            l10n.t('Nothing was changed: this window is locked. Unlock it to change the memory of a running VM.'),
            unlock,
        );
        if (chosen === unlock) this.unlock();
        return this.unlocked.value;
    }

    dispose(): void {
        for (const disposable of this.disposables) disposable.dispose();
    }

    private unlock(): void {
        this.update();
        if (!this.allowed.value) {
            throw new GuestmemError(
                'locked',
                vscode.l10n.t('This window stays locked: the setting guestmem.allowChanges is off, or the workspace is not trusted.'),
            );
        }
        this.setUnlocked(true);
    }

    private update(): void {
        this.allowed.value = vscode.workspace.isTrusted && getSetting('guestmem.allowChanges');
        if (!this.allowed.value) this.setUnlocked(false);
        this.changed.fire();
    }

    private setUnlocked(unlocked: boolean): void {
        if (this.unlocked.value === unlocked) return;
        this.unlocked.value = unlocked;
        this.changed.fire();
    }
}
