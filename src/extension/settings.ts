/** The typed way to the settings of src/common/manifest.ts. VS Code itself keeps workspace values out of them. */
import * as vscode from 'vscode';
import { settingDefaults, type SettingId, type Settings } from '../common/manifest';

const isCommandLine = (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string');

/** What a value has to be: settings.json is written by hand, and VS Code hands over what it finds there. */
const isValid: { readonly [Id in SettingId]: (value: unknown) => value is Settings[Id] } = {
    'guestmem.agent.command': isCommandLine,
    'guestmem.places': (value): value is Settings['guestmem.places'] =>
        typeof value === 'object' && value !== null && Object.values(value).every(isCommandLine),
    'guestmem.allowChanges': (value): value is boolean => typeof value === 'boolean',
};

/** The setting's value; its default when what stands there has the wrong shape. */
export function getSetting<Id extends SettingId>(id: Id): Settings[Id] {
    const value: unknown = vscode.workspace.getConfiguration().get(id);
    return isValid[id](value) ? value : settingDefaults[id];
}

export function onDidChangeSetting(ids: readonly SettingId[], listener: () => void): vscode.Disposable {
    return vscode.workspace.onDidChangeConfiguration((event) => {
        if (ids.some((id) => event.affectsConfiguration(id))) listener();
    });
}

export async function openSetting(id: SettingId): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.openSettings', `@id:${id}`);
}
