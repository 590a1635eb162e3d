/** Constructs the parts, wires and registers them; nothing runs and no agent starts before one of them is used. */
import * as vscode from 'vscode';
import type { CommandId } from '../common/manifest';
import { registerAccount } from './account/showAccount';
import { registerActiveVm } from './activeVm';
import { ChangeGuard } from './changes/changeGuard';
import { CommandBoundary } from './commandBoundary';
import { registerChangeRecord } from './changes/changeRecord';
import { registerConvert } from './changes/convert';
import { DebuggedProcesses } from './debugging/debuggedProcesses';
import { registerDebugFollower } from './debugging/debugFollower';
import { DebugSessionExecutor } from './debugging/debugSessionExecutor';
import { registerExplainAddress } from './explainAddress';
import { registerHostCheck } from './connection/hostCheck';
import { registerHostState } from './connection/hostState';
import { EventsView } from './events/eventsView';
import { registerRecordingCommands } from './events/recordingCommands';
import { registerRecordingStatus } from './events/recordingStatus';
import { Recordings } from './events/recordings';
import { registerHover } from './hover';
import { VmFindings } from './findings/vmFindings';
import { PageMap } from './map/pageMap';
import { registerOtherChanges } from './changes/otherChanges';
import { Places } from './connection/places';
import { registerReadMemory } from './readMemory';
import { registerSnapshotEditor } from './map/snapshotEditor';
import { registerStatusBar } from './statusBar';
import { registerViews, type Trees } from './trees/views';
import { VmStore } from './vmStore';

/** What other extensions, and the tests inside the extension host, can see. */
export interface GuestmemApi {
    readonly store: VmStore;
    readonly trees: Trees;
    readonly recordings: Recordings;
}

let places: Places | undefined;

export function activate(context: vscode.ExtensionContext): GuestmemApi {
    const log = vscode.window.createOutputChannel('Guestmem', { log: true });
    const boundary = new CommandBoundary(log);
    const processes = new DebuggedProcesses();
    const debugSessions = new DebugSessionExecutor(processes);
    const agentPath = context.asAbsolutePath('dist/agent.js');
    places = new Places(agentPath, log, debugSessions.handlers);
    const store = new VmStore(places, context.workspaceState);
    const recordings = new Recordings(store, places);
    const guard = new ChangeGuard(boundary);
    const map = new PageMap(store, recordings, boundary, context.extensionUri);
    const findings = new VmFindings(store);
    const changes = { store, guard, map, findings, debugSessions };
    const events = new EventsView({ store, recordings, map, boundary, extensionUri: context.extensionUri });
    const views = registerViews(store, places, map, events, findings, boundary);
    context.subscriptions.push(
        log,
        places,
        store,
        recordings,
        guard,
        map,
        findings,
        views,
        events,
        processes,
        registerSnapshotEditor(context.extensionUri, agentPath, boundary, log),
        registerActiveVm(store, boundary),
        registerHostState(store, places, boundary),
        registerHostCheck(places, boundary),
        registerHover(store, log),
        registerAccount(store, boundary, context.extensionUri),
        registerExplainAddress(store, boundary),
        registerConvert(changes, boundary),
        registerOtherChanges(changes, boundary),
        registerChangeRecord(changes, boundary),
        registerReadMemory(store, boundary, () => map.selection),
        registerRecordingCommands(store, recordings, boundary, context.globalState),
        registerRecordingStatus(recordings),
        registerDebugFollower(store, processes, log),
        registerStatusBar(store, guard),
        boundary.register('guestmem.log.show' satisfies CommandId, () => log.show()),
    );
    return { store, trees: views.trees, recordings };
}

/** Resolves when every agent is gone. */
export async function deactivate(): Promise<void> {
    await places?.stop();
}
