/** States of page maps that the user keeps in memory, to compare with later. Each is held open by the agent that read it. */
import * as vscode from 'vscode';
import type { OpenedMap } from '../../common/openedMap';
import type { AgentClient } from '../connection/agentClient';
import { displayTime } from '../displayText';
import type { SourceMap } from './mapSource';

/** Each costs the agent 28 bytes a run; the oldest goes first. */
const mostKept = 8;

export interface KeptState {
    readonly agent: AgentClient;
    readonly opened: OpenedMap;
    /** For people: "the state of 12:04:01", "vm1.gmem". */
    readonly name: string;
    /** For people: of what it is. */
    readonly title: string;
}


export class KeptStates implements vscode.Disposable {
    private states: readonly KeptState[] = [];

    /** The newest first; those of an agent that ended are forgotten when they cannot be used. */
    of(agent: AgentClient): readonly KeptState[] {
        return this.states.filter((state) => state.agent === agent);
    }

    async keep({ agent, opened, title }: SourceMap): Promise<KeptState> {
        const kept = await agent.request('keepMap', { map: opened.map });
        return this.add({ agent, opened: kept, name: vscode.l10n.t('the state of {0}', displayTime(kept.takenAt)), title });
    }

    add(state: KeptState): KeptState {
        this.states = [state, ...this.states];
        for (const oldest of this.states.slice(mostKept)) this.forget(oldest);
        return state;
    }

    forget(state: KeptState): void {
        this.states = this.states.filter((other) => other !== state);
        // An agent that ended holds nothing any more.
        state.agent.request('closeMap', { map: state.opened.map }).catch(() => undefined);
    }

    dispose(): void {
        for (const state of this.states) this.forget(state);
    }
}
