/** What the suites share inside the extension host: the extension's own view, and a person who answers its messages. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { CommandId, SettingId, Settings } from '../../src/common/manifest';
import type { GuestmemApi } from '../../src/extension/extension';
import type { VmRef } from '../../src/extension/vmStore';
import type { DemoVmm } from '../support/demoVmm';

export async function guestmem(): Promise<GuestmemApi> {
    const extension = vscode.extensions.getExtension<GuestmemApi>('guestmem.guestmem');
    assert(extension !== undefined, 'the extension is installed');
    return extension.activate();
}

export const refOf = (vmm: DemoVmm): VmRef => ({ place: '', id: vmm.id });

export function run<Result>(command: CommandId, argument?: unknown): Thenable<Result> {
    return vscode.commands.executeCommand<Result>(command, argument);
}

/** Machine-scoped settings of a remote window are those of the machine it runs on. */
export async function setSetting<Id extends SettingId>(id: Id, value: Settings[Id] | undefined): Promise<void> {
    await vscode.workspace.getConfiguration().update(id, value, vscode.ConfigurationTarget.Global);
}

export interface Message {
    readonly kind: 'error' | 'warning' | 'information';
    readonly text: string;
    readonly detail: string | undefined;
    readonly buttons: readonly string[];
}

/** Stands between the extension and the person: records every message, answers with `answer`'s button, and picks `pick` of a list. */
export class Person {
    readonly messages: Message[] = [];
    private readonly original = {
        showErrorMessage: vscode.window.showErrorMessage,
        showWarningMessage: vscode.window.showWarningMessage,
        showInformationMessage: vscode.window.showInformationMessage,
        showQuickPick: vscode.window.showQuickPick,
    };

    constructor(
        private readonly answer: (message: Message) => string | undefined = () => undefined,
        pick?: RegExp,
    ) {
        const record = (kind: Message['kind']) => (text: string, ...rest: unknown[]) => {
            const options = rest.find((part): part is vscode.MessageOptions => typeof part === 'object');
            const buttons = rest.filter((part): part is string => typeof part === 'string');
            const message = { kind, text, detail: options?.detail, buttons };
            this.messages.push(message);
            return Promise.resolve(this.answer(message));
        };
        Object.assign(vscode.window, {
            showErrorMessage: record('error'),
            showWarningMessage: record('warning'),
            showInformationMessage: record('information'),
            showQuickPick: (items: readonly vscode.QuickPickItem[]) =>
                Promise.resolve(pick === undefined ? undefined : items.find(({ label }) => pick.test(label))),
        });
    }

    /** The only message so far. VS Code shows equal messages once. */
    get onlyMessage(): Message {
        const [message, ...others] = this.messages;
        assert(message !== undefined, 'the user was told something');
        for (const other of others) assert.deepEqual(other, message);
        return message;
    }

    leave(): void {
        Object.assign(vscode.window, this.original);
    }
}
