/** The typed way to the settings of src/common/manifest.ts. VS Code itself keeps workspace values out of them. */
import * as vscode from 'vscode';
import { refreshIntervalBounds, settingDefaults, type SettingId, type Settings } from '../common/manifest';

const isCommandLine = (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string');

/** What a value has to be: settings.json is written by hand, and VS Code hands over what it finds there. */
const isValid: { readonly [Id in SettingId]: (value: unknown) => value is Settings[Id] } = {
    'guestmem.agent.command': isCommandLine,
    'guestmem.places': (value): value is Settings['guestmem.places'] =>
        typeof value === 'object' && value !== null && Object.values(value).every(isCommandLine),
    'guestmem.allowChanges': (value): value is boolean => typeof value === 'boolean',
    'guestmem.map.refreshInterval': (value): value is number =>
        typeof value === 'number' && value >= refreshIntervalBounds.least && value <= refreshIntervalBounds.most,
};

/** The setting's value; its default, and a warning, when what stands there has the wrong shape. */
export function getSetting<Id extends SettingId>(id: Id): Settings[Id] {
    const value: unknown = vscode.workspace.getConfiguration().get(id);
    if (isValid[id](value)) return value;
    warnOnce(id, value);
    return settingDefaults[id];
}

const warned = new Set<string>();

/** Once for each wrong value: settings are read often. */
function warnOnce(id: SettingId, value: unknown): void {
    const { l10n, window } = vscode;
    const key = `${id} ${JSON.stringify(value)}`;
    if (warned.has(key)) return;
    warned.add(key);
    const open = l10n.t('Open Setting');
    const text = l10n.t('The setting {0} is not of the form that its description shows. Its default is used instead.', id);
    void window.showWarningMessage(text, open).then((chosen) => (chosen === open ? openSetting(id) : undefined));
}

export function onDidChangeSetting(ids: readonly SettingId[], listener: () => void): vscode.Disposable {
    return vscode.workspace.onDidChangeConfiguration((event) => {
        if (ids.some((id) => event.affectsConfiguration(id))) listener();
    });
}

export async function openSetting(id: SettingId): Promise<void> {
    await vscode.commands.executeCommand('workbench.action.openSettings', `@id:${id}`);
}
