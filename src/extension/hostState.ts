/**
 * What the empty views say: the context keys guestmem.hostState and guestmem.failedChecks choose among the welcome texts
 * of package.json. Command guestmem.host.check lists every check of a place; guestmem.agent.copySudoSetting copies the
 * setting that starts the agent as root. An agent that fails is told here, too.
 */
import * as vscode from 'vscode';
import type { GuestmemError } from '../common/errors';
import { settingDefaults, type HostState } from '../common/manifest';
import type { DoctorCheck } from '../common/model';
import { parseTarget } from './commandTarget';
import type { CommandBoundary } from './commandBoundary';
import { ManagedContextKey } from './managedContextKey';
import { placeLabel, thisHost, type Places } from './places';
import { openSetting } from './settings';
import { withSlowProgress } from './slowProgress';
import type { PlaceState, VmStore } from './vmStore';

function hostStateOf(state: PlaceState): HostState {
    switch (state.kind) {
        case 'loading':
            return 'loading';
        case 'failed':
            return 'agentFailed';
        case 'ready': {
            if (state.failedChecks.some(({ id }) => id === 'kvm')) return 'noKvm';
            const isBlind = state.failedChecks.some(({ id }) => permissionChecks.includes(id));
            return isBlind ? 'notPermitted' : 'ready';
        }
    }
}

/** Checks whose failure keeps VMs or their memslots out of sight. */
const permissionChecks: readonly string[] = ['btf', 'bpf', 'capabilities', 'ptrace', 'lockdown'];

async function checkHost(places: Places, place: string): Promise<readonly DoctorCheck[] | undefined> {
    const { l10n, window } = vscode;
    const { checks } = await withSlowProgress(l10n.t('Checking {0}', placeLabel(place)), async (token) => {
        const agent = places.get(place);
        return agent === undefined ? { checks: [] } : agent.request('doctor', {}, { token });
    });
    const items = checks.map((check) => ({
        label: `$(${check.ok ? 'pass' : 'warning'}) ${check.id}`,
        description: check.found,
        ...(check.fix === null ? {} : { detail: check.fix }),
        fix: check.fix,
    }));
    const title = l10n.t('Host Check: {0}', placeLabel(place));
    const placeHolder = l10n.t('Pick a line to copy what to do');
    // The list is shown beside the result, so that other extensions can await the checks.
    void window.showQuickPick(items, { title, placeHolder, matchOnDescription: true }).then(async (chosen) => {
        if (typeof chosen?.fix === 'string') await vscode.env.clipboard.writeText(chosen.fix);
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

export function registerHostState(store: VmStore, places: Places, boundary: CommandBoundary): vscode.Disposable {
    const hostState = new ManagedContextKey('guestmem.hostState');
    const failedChecks = new ManagedContextKey('guestmem.failedChecks');
    const told = new Map<string, GuestmemError>();
    /** A failed agent is told once, with the buttons that help; the views go on saying it. */
    const tellFailures = () => {
        for (const place of places.names) {
            const state = store.stateOf(place);
            if (state.kind !== 'failed') {
                told.delete(place);
            } else if (told.get(place) !== state.error) {
                told.set(place, state.error);
                void boundary.run(() => Promise.reject(state.error));
            }
        }
    };
    return vscode.Disposable.from(
        store.onDidChange(tellFailures),
        store.onDidChange(() => {
            const state = store.stateOf(thisHost);
            hostState.value = hostStateOf(state);
            failedChecks.value = state.kind === 'ready' ? `,${state.failedChecks.map(({ id }) => id).join(',')},` : '';
        }),
        boundary.register('guestmem.host.check', (argument) => checkHost(places, parseTarget(argument).vm?.place ?? thisHost)),
        boundary.register('guestmem.agent.copySudoSetting', copySudoSetting),
    );
}
