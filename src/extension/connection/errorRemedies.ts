/** What helps against an error: buttons of its message, and of a map that it made stale. */
import * as vscode from 'vscode';
import type { GuestmemError } from '../../common/errors';
import type { CommandId } from '../../common/manifest';
import { openSetting } from '../settings';

export interface Remedy {
    readonly label: string;
    readonly apply: () => unknown;
}

const runs = (label: string, command: CommandId): Remedy => ({ label, apply: () => vscode.commands.executeCommand(command) });

export function remediesFor(error: GuestmemError): Remedy[] {
    const { l10n } = vscode;
    const showLog = runs(l10n.t('Show Log'), 'guestmem.log.show');
    switch (error.code) {
        case 'agent':
            return [
                runs(l10n.t('Restart Agent'), 'guestmem.agent.restart'),
                { label: l10n.t('Open Setting'), apply: () => openSetting('guestmem.agent.command') },
                showLog,
            ];
        case 'not-permitted':
            return [
                runs(l10n.t('Check This Host'), 'guestmem.host.check'),
                { label: l10n.t('Open Setting'), apply: () => openSetting('guestmem.agent.command') },
            ];
        case 'unsupported':
            return [runs(l10n.t('Check This Host'), 'guestmem.host.check')];
        case 'no-such-process':
        case 'no-such-vm':
        case 'not-a-vmm':
            return [runs(l10n.t('Select Another'), 'guestmem.vm.select')];
        case 'kernel':
        case 'internal':
            return [showLog];
        default:
            return [];
    }
}
