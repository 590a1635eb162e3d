/** What a panel of the page map can do with states of its map: keep one, save it, compare with another. */
import * as vscode from 'vscode';
import type { CommandBoundary } from '../commandBoundary';
import { chooseComparison } from './chooseComparison';
import { ComparedSource } from './comparedSource';
import type { KeptState, KeptStates } from './keptStates';
import type { MapSource } from './mapSource';
import { saveSnapshot } from './saveSnapshot';

export class MapSnapshots {
    constructor(
        /** What is now. */
        private readonly source: MapSource,
        private readonly kept: KeptStates,
        private readonly boundary: CommandBoundary,
        private readonly showInstead: (source: MapSource) => Promise<void>,
    ) {}

    /** Keeps the present state in memory, to compare with. */
    async keep(): Promise<void> {
        const { current } = this.source;
        if (current === undefined) return;
        const state = await this.kept.keep(current);
        const { l10n, window } = vscode;
        const compare = l10n.t('Compare with It');
        void window.showInformationMessage(l10n.t('Kept of {0}: {1}.', state.title, state.name), compare).then((chosen) => {
            if (chosen === compare) void this.boundary.run(() => this.compare(state, undefined));
        });
    }

    /** Has the user save the map, not what it is compared with. */
    async save(): Promise<void> {
        const { current } = this.source;
        if (current !== undefined) await saveSnapshot(current);
    }

    /** Has the user choose what to compare with. */
    async chooseComparison(): Promise<void> {
        const { current } = this.source;
        if (current === undefined) return;
        const chosen = await chooseComparison(current.agent, this.kept);
        if (chosen !== undefined) await this.compare(chosen.before, chosen.after);
    }

    private compare(before: KeptState, after: KeptState | undefined): Promise<void> {
        return this.showInstead(new ComparedSource(this.source, before, after));
    }
}
