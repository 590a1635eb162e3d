/** Where a panel of the page map has its map from: a running VM, or a file. The agent holds the map; this knows its number. */
import type * as vscode from 'vscode';
import type { Hex } from '../../common/address';
import type { MapAnswer } from '../../common/mapMessages';
import type { Extent, OpenedMap } from '../../common/openedMap';
import type { AgentClient } from '../connection/agentClient';
import type { Report } from '../slowProgress';
import type { VmRef } from '../vmStore';

export interface SourceMap {
    readonly agent: AgentClient;
    readonly opened: OpenedMap;
    /** What differs from what was read before; null = everything may, or it is another map. */
    readonly changed: readonly Extent[] | null;
    /** Says which map it is, across generations and windows. */
    readonly subject: string;
    /** For people: what it is of; and of a comparison or a file, what it is. */
    readonly title: string;
    readonly subtitle: string | null;
    /** When it was last found to be so. */
    readonly takenAt: string;
}

/** Of what the user waits for: how to cancel it, and whom to tell how far it is. */
export interface Waiting {
    readonly token: vscode.CancellationToken;
    readonly report: Report;
}

export interface MapSource {
    readonly onDidChange: vscode.Event<void>;
    /** What was read last. */
    readonly current: SourceMap | undefined;
    /** False when there is something else to show, or nothing any more. */
    readonly isCurrent: boolean;
    /** The VM that commands about a selection speak of; undefined where none can be asked. */
    readonly vm: VmRef | undefined;
    /** Why the map can never change (for people), or null. */
    readonly readOnly: string | null;
    /** Reads the map, or looks whether it has changed; undefined while there is nothing to show. Rejects with why it cannot. */
    read(waiting?: Waiting): Promise<SourceMap | undefined>;
    /** Looks anew for what it shows, after it could not be read. */
    lookAgain(): Promise<void>;
    showAddressSpace(addressSpace: number): void;
    /** What the agent says of one address now; null where nobody can be asked. */
    explain(gpa: Hex): Promise<Extract<MapAnswer, { type: 'explain' }> | null>;
    dispose(): void;
}
