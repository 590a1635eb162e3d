/**
 * The map of a .gmem file. An agent of its own reads it, as the plain user and on this machine, whatever the settings say
 * of agents: a file needs no privilege, comes from anybody, and an agent that it might harm knows nothing else.
 */
import * as vscode from 'vscode';
import { GuestmemError, toGuestmemError } from '../../common/errors';
import { settingDefaults } from '../../common/manifest';
import type { OpenedMap } from '../../common/openedMap';
import { AgentClient } from '../connection/agentClient';
import { displayText, displayTime } from '../displayText';
import type { MapSource, SourceMap, Waiting } from './mapSource';
import { vmLabel } from '../trees/memslotText';
import { fileName, openSnapshot } from './snapshotUpload';

export class FileMapSource implements MapSource {
    readonly vm = undefined;
    readonly readOnly = vscode.l10n.t('This is a snapshot: no running VM is behind it that could be read or changed.');
    private readonly agent: AgentClient;
    private readonly changed = new vscode.EventEmitter<void>();
    readonly onDidChange = this.changed.event;
    private held: SourceMap | undefined;
    private addressSpace: number | null = null;

    constructor(
        private readonly uri: vscode.Uri,
        agentPath: string,
        log: vscode.LogOutputChannel,
    ) {
        this.agent = new AgentClient(settingDefaults['guestmem.agent.command'], agentPath, log);
        this.agent.onDidEnd(() => {
            this.held = undefined;
            this.changed.fire();
        });
    }

    get current(): SourceMap | undefined {
        return this.held;
    }

    get isCurrent(): boolean {
        return this.held !== undefined && (this.addressSpace === null || this.held.opened.addressSpace === this.addressSpace);
    }

    async read(waiting?: Waiting): Promise<SourceMap> {
        if (this.held !== undefined && this.isCurrent) return { ...this.held, changed: [] };
        this.close();
        const opened = await this.open(waiting);
        const held = {
            agent: this.agent,
            opened,
            changed: null,
            subject: this.uri.toString(),
            title: displayText(fileName(this.uri)),
            subtitle: bannerOf(opened),
            takenAt: opened.takenAt,
        };
        this.held = held;
        return held;
    }

    /** Reads the file anew, by a new agent if need be. */
    async lookAgain(): Promise<void> {
        this.held = undefined;
        await this.agent.restart().catch((thrown: unknown) => Promise.reject(ofAgent(thrown)));
    }

    showAddressSpace(addressSpace: number): void {
        this.addressSpace = addressSpace;
    }

    /** The map's own runs say all that is known of an address. */
    explain(): Promise<null> {
        return Promise.resolve(null);
    }

    dispose(): void {
        this.agent.dispose();
        this.changed.dispose();
    }

    private async open(waiting?: Waiting): Promise<OpenedMap> {
        try {
            return await openSnapshot(this.agent, this.uri, this.addressSpace, waiting);
        } catch (thrown) {
            throw ofAgent(thrown);
        }
    }

    private close(): void {
        const { held } = this;
        this.held = undefined;
        // The agent closes what it holds when it ends; that it ended is told by the next request.
        if (held !== undefined) this.agent.request('closeMap', { map: held.opened.map }).catch(() => undefined);
    }
}

/** What helps against an agent of the settings does not help here. */
function ofAgent(thrown: unknown): GuestmemError {
    const error = toGuestmemError(thrown);
    return error.code === 'agent' ? new GuestmemError('snapshot', error.message, error.data) : error;
}

/** What the map is, when and where it was taken, and what the file holds. */
function bannerOf({ details, takenAt, made }: OpenedMap): string {
    const { l10n } = vscode;
    const of = l10n.t('Snapshot of {0} ({1}), taken {2}', vmLabel(details.vm), details.vm.id, displayDay(takenAt));
    if (made === null) return of;
    const where = l10n.t('on Linux {0} by guestmem {1}', displayText(made.kernel), displayText(made.guestmemVersion));
    const holds = made.redacted
        ? l10n.t('It holds no guest content; names, paths and host virtual addresses were left out.')
        : l10n.t('It holds no guest content, but names, paths and host virtual addresses.');
    return `${of}, ${where}. ${holds}`;
}

const displayDay = (time: string): string => `${new Date(time).toLocaleDateString(vscode.env.language)}, ${displayTime(time)}`;
