/**
 * Command guestmem.host.check: every check of a place as a list; a line opens the whole text of its check, with buttons
 * for what can be done about it from here.
 */
import * as vscode from 'vscode';
import { settingDefaults, type SettingId } from '../../common/manifest';
import type { DoctorCheck } from '../../common/model';
import { parseTarget } from '../commandTarget';
import type { CommandBoundary } from '../commandBoundary';
import type { Remedy } from './errorRemedies';
import { placeLabel, thisHost, type Places } from './places';
import { openSetting } from '../settings';
import { withSlowProgress } from '../slowProgress';

/** What is checked, in words; a check that is not here is shown by its id. */
function checkTitle(id: string): string {
    const { l10n } = vscode;
    switch (id) {
        case 'kvm':
            return 'KVM';
        case 'btf':
            return l10n.t('Kernel type information (BTF)');
        case 'bpf':
            return l10n.t('BPF programs');
        case 'capabilities':
            return l10n.t('Privileges of the agent');
        case 'ptrace':
            return l10n.t('Looking into other processes (Yama)');
        case 'lockdown':
            return l10n.t('Kernel lockdown');
        case 'pid-namespace':
            return l10n.t('Process namespace');
        case 'kernel-features':
            return l10n.t('What this kernel offers');
        default:
            return id;
    }
}

interface Advice {
    readonly text: string;
    readonly remedies: readonly Remedy[];
}

/** An agent that lacks privileges fails these checks for that reason. */
const needPrivilege: readonly string[] = ['capabilities', 'bpf', 'ptrace'];

/** `fix` is for a terminal: where a setting of this window does it, that is the advice. */
function adviceFor(check: DoctorCheck, place: string, isUnprivileged: boolean): Advice | undefined {
    const { l10n } = vscode;
    if (check.fix === null) return undefined;
    const setting: SettingId = place === thisHost ? 'guestmem.agent.command' : 'guestmem.places';
    const open = { label: l10n.t('Open Setting'), apply: () => openSetting(setting) };
    if (isUnprivileged && needPrivilege.includes(check.id)) {
        const text = l10n.t('Let the agent run as root: the setting {0} says how it is started.', setting);
        const copy = { label: l10n.t('Copy the sudo Setting'), apply: copySudoSetting };
        return { text, remedies: place === thisHost ? [copy, open] : [open] };
    }
    const { fix } = check;
    return { text: fix, remedies: [{ label: l10n.t('Copy'), apply: () => vscode.env.clipboard.writeText(fix) }] };
}

async function showCheck(check: DoctorCheck, advice: Advice | undefined): Promise<void> {
    const { l10n, window } = vscode;
    const remedies = advice?.remedies ?? [];
    const detail = [check.found, ...(advice === undefined ? [] : [l10n.t('What to do: {0}', advice.text)])].join('\n\n');
    const show = check.ok ? window.showInformationMessage : window.showWarningMessage;
    const chosen = await show(checkTitle(check.id), { modal: true, detail }, ...remedies.map(({ label }) => label));
    await remedies.find(({ label }) => label === chosen)?.apply();
}

async function checkHost(places: Places, place: string): Promise<readonly DoctorCheck[] | undefined> {
    const { l10n, window } = vscode;
    const { checks } = await withSlowProgress(l10n.t('Checking {0}', placeLabel(place)), async (token) => {
        const agent = places.get(place);
        return agent === undefined ? { checks: [] } : agent.request('doctor', {}, { token });
    });
    const isUnprivileged = checks.some(({ id, ok }) => id === 'capabilities' && !ok);
    const items = checks
        .toSorted((one, other) => Number(one.ok) - Number(other.ok))
        .map((check) => ({ label: `$(${check.ok ? 'pass' : 'warning'}) ${checkTitle(check.id)}`, description: check.found, check }));
    const title = l10n.t('Host Check: {0}', placeLabel(place));
    const placeHolder = l10n.t('Pick a line to read all of it, and what can be done');
    // The list is shown beside the result, so that other extensions can await the checks.
    void window.showQuickPick(items, { title, placeHolder, matchOnDescription: true }).then(async (chosen) => {
        if (chosen !== undefined) await showCheck(chosen.check, adviceFor(chosen.check, place, isUnprivileged));
    });
    return checks;
}

async function copySudoSetting(): Promise<void> {
    const { l10n, window, env } = vscode;
    const command = ['sudo', '-n', ...settingDefaults['guestmem.agent.command']];
    await env.clipboard.writeText(`"guestmem.agent.command": ${JSON.stringify(command)}`);
    const open = l10n.t('Open Setting');
    const text = l10n.t('Copied: the setting that starts the agent with sudo, which must not ask for a password. Paste it into your settings.json.');
    void window.showInformationMessage(text, open).then((chosen) => (chosen === open ? openSetting('guestmem.agent.command') : undefined));
}

export function registerHostCheck(places: Places, boundary: CommandBoundary): vscode.Disposable {
    return vscode.Disposable.from(
        boundary.register('guestmem.host.check', (argument) => checkHost(places, parseTarget(argument).vm?.place ?? thisHost)),
        boundary.register('guestmem.agent.copySudoSetting', copySudoSetting),
    );
}
