/** What to compare the page map with: the user picks the earlier state and, where there are several, the later one. */
import * as vscode from 'vscode';
import type { KeptState } from './keptStates';

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
export async function chooseComparison(kept: readonly KeptState[]): Promise<Chosen | undefined> {
    const { l10n, window } = vscode;
    const placeHolder = kept.length === 0 ? l10n.t('No state is kept yet: “Keep” keeps the present one') : l10n.t('The earlier state');
    const picked = await window.showQuickPick(kept.map(choiceOf), { title: l10n.t('Compare Page Map'), placeHolder });
    const before = await picked?.choose();
    if (before === undefined) return undefined;
    const others = kept.filter((state) => state !== before);
    if (others.length === 0) return { before, after: undefined };
    const now = { label: l10n.t('What is now'), after: undefined };
    const later = await window.showQuickPick([now, ...others.map((after) => ({ label: after.name, description: after.title, after }))], {
        title: l10n.t('Compare {0}', before.name),
        placeHolder: l10n.t('The later state'),
    });
    return later && { before, after: later.after };
}
