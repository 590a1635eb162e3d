/**
 * Where commands end: errors are shown here, once, each with the buttons that help. `run` is also the way in for
 * whatever is no command but can fail (a message of the map, a click of the debugger).
 */
import * as vscode from 'vscode';
import { toGuestmemError, type GuestmemError } from '../common/errors';
import type { CommandId } from '../common/manifest';
import { openSetting } from './settings';

type CommandHandler = (argument: unknown) => unknown;

interface Remedy {
    readonly label: string;
    readonly apply: () => Thenable<unknown>;
}

const runs = (label: string, command: CommandId): Remedy => ({ label, apply: () => vscode.commands.executeCommand(command) });

function remediesFor(error: GuestmemError): Remedy[] {
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

export class CommandBoundary {
    constructor(private readonly log: vscode.LogOutputChannel) {}

    register(id: CommandId, handler: CommandHandler): vscode.Disposable {
        return vscode.commands.registerCommand(id, (argument: unknown) => this.run(() => handler(argument)));
    }

    /** The handler's result; undefined when it failed, after the user was told why. */
    async run<Result>(handler: () => Result | Promise<Result>): Promise<Result | undefined> {
        try {
            return await handler();
        } catch (thrown) {
            const error = toGuestmemError(thrown);
            if (error.code !== 'cancelled') {
                this.log.error(thrown instanceof Error && thrown !== error ? thrown : error.message);
                void this.show(error);
            }
            return undefined;
        }
    }

    private async show(error: GuestmemError): Promise<void> {
        const remedies = remediesFor(error);
        const chosen = await vscode.window.showErrorMessage(error.message, ...remedies.map(({ label }) => label));
        await remedies.find(({ label }) => label === chosen)?.apply();
    }
}
