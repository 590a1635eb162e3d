/**
 * The places whose VMs this window shows: this host and those of the setting guestmem.places, each with its own agent,
 * started on first use.
 */
import * as vscode from 'vscode';
import type { GuestmemError } from '../../common/errors';
import type { CommandLine } from '../../common/manifest';
import { AgentClient } from './agentClient';
import type { ClientHandlers } from '../debugging/debugSessionExecutor';
import { getSetting, onDidChangeSetting } from '../settings';

/** The place's key; a name in guestmem.places cannot be empty. */
export const thisHost = '';

export function placeLabel(place: string): string {
    return place === thisHost ? vscode.l10n.t('This host') : place;
}

export class Places implements vscode.Disposable {
    private readonly clients = new Map<string, AgentClient>();
    private readonly changed = new vscode.EventEmitter<void>();
    private readonly agentEnded = new vscode.EventEmitter<{ readonly place: string; readonly error: GuestmemError }>();
    private readonly settingListener: vscode.Disposable;
    /** A place came, went, or has another command now. */
    readonly onDidChange = this.changed.event;
    readonly onDidEndAgent = this.agentEnded.event;

    constructor(
        private readonly agentPath: string,
        private readonly log: vscode.LogOutputChannel,
        private readonly handlers: ClientHandlers,
    ) {
        this.update();
        this.settingListener = onDidChangeSetting(['guestmem.agent.command', 'guestmem.places'], () => {
            this.update();
            this.changed.fire();
        });
    }

    /** This host first, then by name as written. */
    get names(): readonly string[] {
        return [...this.clients.keys()];
    }

    /** Undefined when the settings no longer name the place. */
    get(place: string): AgentClient | undefined {
        return this.clients.get(place);
    }

    /** Resolves when all agents are gone. */
    async stop(): Promise<void> {
        await Promise.all([...this.clients.values()].map((client) => client.stop()));
    }

    dispose(): void {
        this.settingListener.dispose();
        for (const client of this.clients.values()) client.dispose();
        this.changed.dispose();
        this.agentEnded.dispose();
    }

    /** Keeps the agents whose command is as before. */
    private update(): void {
        const wanted = new Map<string, CommandLine>([[thisHost, getSetting('guestmem.agent.command')]]);
        for (const [name, command] of Object.entries(getSetting('guestmem.places'))) {
            if (name !== thisHost) wanted.set(name, command);
        }
        const before = new Map(this.clients);
        this.clients.clear();
        for (const [place, command] of wanted) {
            const kept = before.get(place);
            if (kept !== undefined && JSON.stringify(kept.command) === JSON.stringify(command)) {
                this.clients.set(place, kept);
                before.delete(place);
                continue;
            }
            const client = new AgentClient(command, this.agentPath, this.log, place === thisHost ? this.handlers : {});
            client.onDidEnd((error) => this.agentEnded.fire({ place, error }));
            this.clients.set(place, client);
        }
        for (const client of before.values()) client.dispose();
    }
}
