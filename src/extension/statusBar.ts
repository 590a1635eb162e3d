/** Status bar: the active VM (a click picks another), and beside it whether this window may change it. */
import * as vscode from 'vscode';
import type { CommandId } from '../common/manifest';
import type { ChangeGuard } from './changes/changeGuard';
import { tooltipOf } from './displayText';
import { vmLabel, vmTraits } from './trees/memslotText';
import type { VmStore } from './vmStore';

export function registerStatusBar(store: VmStore, guard: ChangeGuard): vscode.Disposable {
    const { l10n, window, StatusBarAlignment } = vscode;
    const vm = window.createStatusBarItem('guestmem.vm', StatusBarAlignment.Left, 10);
    vm.name = l10n.t('Guestmem: Active VM');
    vm.command = 'guestmem.vm.select' satisfies CommandId;
    const lock = window.createStatusBarItem('guestmem.changes', StatusBarAlignment.Left, 9.9);
    lock.name = l10n.t('Guestmem: Changes');

    const update = () => {
        const { active } = store;
        if (active === undefined) {
            vm.hide();
            lock.hide();
            return;
        }
        vm.text = `$(vm) ${vmLabel(active.details.vm)}`;
        vm.tooltip = tooltipOf(l10n.t('Active VM'), [
            [active.ref.id, vmTraits(active.details.vm)],
            [l10n.t('Click'), l10n.t('select another')],
        ]);
        vm.show();
        if (!guard.changesAllowed) {
            lock.hide();
            return;
        }
        lock.text = guard.changesUnlocked ? '$(unlock)' : '$(lock)';
        lock.tooltip = guard.changesUnlocked
            ? l10n.t('This window may change guest memory. Click to lock it.')
            : l10n.t('This window only looks at guest memory. Click to unlock changes.');
        lock.command = (guard.changesUnlocked ? 'guestmem.changes.lock' : 'guestmem.changes.unlock') satisfies CommandId;
        lock.backgroundColor = guard.changesUnlocked ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
        lock.accessibilityInformation = { label: lock.tooltip };
        lock.show();
    };
    update();
    return vscode.Disposable.from(vm, lock, store.onDidChange(update), guard.onDidChange(update));
}
