/**
 * The trees and the commands of their items: guestmem.vms.refresh, guestmem.agent.restart, guestmem.address.copy.
 * While one of them, the map or the view of events is visible the state is read again by itself; the first view that
 * opens starts the agent.
 */
import * as vscode from 'vscode';
import type { CommandBoundary } from '../commandBoundary';
import { parseTarget } from '../commandTarget';
import type { EventsView } from '../events/eventsView';
import type { VmFindings } from '../findings/vmFindings';
import { registerFindingTree, type FindingTree } from './findingTree';
import { registerGuestMemfdTree, type GuestMemfdTree } from './guestMemfdTree';
import { registerMemslotTree, type MemslotTree } from './memslotTree';
import type { PageMap } from '../map/pageMap';
import type { Places } from '../connection/places';
import { Poller } from '../poller';
import { withSlowProgress } from '../slowProgress';
import type { VmStore } from '../vmStore';
import { registerVmTree, type VmTree } from './vmTree';

export interface Trees {
    readonly vms: VmTree;
    readonly memslots: MemslotTree;
    readonly guestMemfds: GuestMemfdTree;
    readonly findings: FindingTree;
}

/** Restarts every agent that is asked for: one place, or all that failed, or all. */
async function restartAgents(store: VmStore, places: Places, place: string | undefined): Promise<void> {
    const failed = places.names.filter((name) => store.stateOf(name).kind === 'failed');
    const wanted = place !== undefined ? [place] : failed.length > 0 ? failed : places.names;
    await withSlowProgress(vscode.l10n.t('Restarting the agent'), async () => {
        try {
            await Promise.all(wanted.map(async (name) => places.get(name)?.restart()));
        } finally {
            await store.refresh();
        }
    });
}

export function registerViews(store: VmStore, places: Places, map: PageMap, events: EventsView, findings: VmFindings, boundary: CommandBoundary): vscode.Disposable & { trees: Trees } {
    const vms = registerVmTree(store, places);
    const memslots = registerMemslotTree(store, map);
    const guestMemfds = registerGuestMemfdTree(store);
    const findingTree = registerFindingTree(store, findings);
    const views = [vms.view, memslots.view, guestMemfds.view, findingTree.view];
    const poller = new Poller(() => store.refresh());
    const updatePolling = () => (poller.wanted = map.isVisible || events.isVisible || views.some((view) => view.visible));
    updatePolling();
    const disposable = vscode.Disposable.from(
        ...views,
        ...views.map((view) => view.onDidChangeVisibility(updatePolling)),
        map.onDidChangeVisibility(updatePolling),
        events.onDidChangeVisibility(updatePolling),
        poller,
        boundary.register('guestmem.vms.refresh', async () => {
            await withSlowProgress(vscode.l10n.t('Looking for virtual machines'), () => store.refresh());
            await map.refresh();
            await findings.refresh();
        }),
        boundary.register('guestmem.agent.restart', (argument) =>
            restartAgents(store, places, (argument as { place?: string } | undefined)?.place ?? parseTarget(argument).vm?.place),
        ),
        boundary.register('guestmem.address.copy', async (argument) => {
            const { copyText } = parseTarget(argument);
            if (copyText !== undefined) await vscode.env.clipboard.writeText(copyText);
        }),
    );
    return Object.assign(disposable, { trees: { vms: vms.tree, memslots: memslots.tree, guestMemfds: guestMemfds.tree, findings: findingTree.tree } });
}
