/** What to compare the page map with: the user picks the earlier state and, where there are several, the later one. */
import * as vscode from 'vscode';
import type { AgentClient } from '../connection/agentClient';
import type { KeptState, KeptStates } from './keptStates';
import { displayText } from '../displayText';
import { vmLabel } from '../trees/memslotText';
import { snapshotFilters } from './saveSnapshot';
import { withSlowProgress } from '../slowProgress';
import { fileName, openSnapshot } from './snapshotUpload';

export interface Chosen {
    readonly before: KeptState;
    /** Undefined = what is now. */
    readonly after: KeptState | undefined;
}

interface Choice extends vscode.QuickPickItem {
    readonly choose: () => Promise<KeptState | undefined>;
}

const choiceOf = (state: KeptState): Choice => ({ label: state.name, description: state.title, choose: () => Promise.resolve(state) });

/** Undefined when the user gave up. */
export async function chooseComparison(agent: AgentClient, states: KeptStates): Promise<Chosen | undefined> {
    const { l10n, window } = vscode;
    const kept = states.of(agent);
    const placeHolder = l10n.t('The earlier state');
    const file = { label: l10n.t('A Snapshot File…'), choose: () => chooseFile(agent, states) };
    const picked = await window.showQuickPick([...kept.map(choiceOf), file], { title: l10n.t('Compare Page Map'), placeHolder });
    const before = await picked?.choose();
    if (before === undefined) return undefined;
    const others = states.of(agent).filter((state) => state !== before);
    if (others.length === 0) return { before, after: undefined };
    const now = { label: l10n.t('What is now'), after: undefined };
    const later = await window.showQuickPick([now, ...others.map((after) => ({ label: after.name, description: after.title, after }))], {
        title: l10n.t('Compare {0}', before.name),
        placeHolder: l10n.t('The later state'),
    });
    return later && { before, after: later.after };
}

/** The agent that has the other map reads the file, too: it compares them. */
async function chooseFile(agent: AgentClient, states: KeptStates): Promise<KeptState | undefined> {
    const { l10n, window } = vscode;
    const [uri] = (await window.showOpenDialog({ title: l10n.t('Compare with a Snapshot'), filters: snapshotFilters })) ?? [];
    if (uri === undefined) return undefined;
    const opened = await withSlowProgress(l10n.t('Opening the snapshot'), (token, report) => openSnapshot(agent, uri, null, { token, report }));
    return states.add({ agent, opened, name: displayText(fileName(uri)), title: vmLabel(opened.details.vm) });
}
