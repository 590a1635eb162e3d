/**
 * Commands guestmem.events.record, .stop and .clear, and the context key guestmem.recordingState. While a VM is recorded
 * the status bar says so, since it slows the host.
 */
import * as vscode from 'vscode';
import { resolveVm } from '../activeVm';
import type { CommandBoundary } from '../commandBoundary';
import { parseTarget } from '../commandTarget';
import { ManagedContextKey } from '../managedContextKey';
import { withSlowProgress } from '../slowProgress';
import type { VmRef, VmStore } from '../vmStore';
import { agreesToRecord } from './recordingCost';
import type { Recordings } from './recordings';

async function record(recordings: Recordings, agreed: vscode.Memento, ref: VmRef): Promise<void> {
    const { l10n } = vscode;
    const earlier = recordings.stateOf(ref);
    if (earlier?.state === 'recording' || !(await agreesToRecord(agreed, ref.place)) || !(await givesUp(earlier?.events ?? 0))) return;
    const title = l10n.t('Reading the state of every page before memory events are recorded');
    await withSlowProgress(title, (token, report) => recordings.start(ref, { token, report }));
}

/** Of an earlier recording nothing is left after the start of another. */
async function givesUp(events: number): Promise<boolean> {
    if (events === 0) return true;
    const { l10n, window } = vscode;
    const start = l10n.t('Record');
    const chosen = await window.showWarningMessage(
        l10n.t('Record anew?'),
        { modal: true, detail: l10n.t('The {0} events that were recorded of this VM are given up.', events.toLocaleString()) },
        start,
    );
    return chosen === start;
}

/** Gives up what was recorded; a recording that goes on begins anew. */
async function clear(recordings: Recordings, ref: VmRef): Promise<void> {
    const goesOn = recordings.stateOf(ref)?.state === 'recording';
    await recordings.discard(ref);
    if (goesOn) await recordings.start(ref);
}

export function registerRecordingCommands(store: VmStore, recordings: Recordings, boundary: CommandBoundary, agreed: vscode.Memento): vscode.Disposable {
    const key = new ManagedContextKey('guestmem.recordingState');
    const update = () => {
        const state = store.active === undefined ? undefined : recordings.stateOf(store.active.ref)?.state;
        key.value = state === undefined ? '' : state === 'recording' ? state : 'stopped';
    };
    const onVm = (task: (ref: VmRef) => Promise<void>) => async (argument: unknown) => task((await resolveVm(store, parseTarget(argument))).ref);
    return vscode.Disposable.from(
        store.onDidChange(update),
        recordings.onDidChange(update),
        boundary.register('guestmem.events.record', onVm((ref) => record(recordings, agreed, ref))),
        boundary.register('guestmem.events.stop', onVm((ref) => recordings.stop(ref))),
        boundary.register('guestmem.events.clear', onVm((ref) => clear(recordings, ref))),
    );
}
