/**
 * What the empty views say: the context keys guestmem.hostState, guestmem.failedChecks and guestmem.activeFailure choose
 * among the welcome texts of package.json. An agent that fails is told here, too.
 */
import * as vscode from 'vscode';
import type { GuestmemError } from '../../common/errors';
import type { ActiveFailure, HostState } from '../../common/manifest';
import type { CommandBoundary } from '../commandBoundary';
import { ManagedContextKey } from '../managedContextKey';
import { thisHost, type Places } from './places';
import type { PlaceState, VmStore } from '../vmStore';

function hostStateOf(state: PlaceState): HostState {
    switch (state.kind) {
        case 'loading':
            return 'loading';
        case 'failed':
            return 'agentFailed';
        case 'ready': {
            if (state.failedChecks.some(({ id }) => id === 'kvm')) return 'noKvm';
            const isBlind = state.failedChecks.some(({ id }) => permissionChecks.includes(id));
            return isBlind ? 'notPermitted' : 'ready';
        }
    }
}

function activeFailureOf(failure: GuestmemError | undefined): ActiveFailure {
    switch (failure?.code) {
        case undefined:
            return '';
        case 'no-such-vm':
        case 'no-such-process':
        case 'not-a-vmm':
            return 'ended';
        case 'agent':
            return 'agent';
        default:
            return 'other';
    }
}

/** Checks whose failure keeps VMs or their memslots out of sight. */
const permissionChecks: readonly string[] = ['btf', 'bpf', 'capabilities', 'ptrace', 'lockdown'];

export function registerHostState(store: VmStore, places: Places, boundary: CommandBoundary): vscode.Disposable {
    const hostState = new ManagedContextKey('guestmem.hostState');
    const failedChecks = new ManagedContextKey('guestmem.failedChecks');
    const activeFailure = new ManagedContextKey('guestmem.activeFailure');
    const told = new Map<string, GuestmemError>();
    /** A failed agent is told once, with the buttons that help; the views go on saying it. */
    const tellFailures = () => {
        for (const place of places.names) {
            const state = store.stateOf(place);
            if (state.kind !== 'failed') {
                told.delete(place);
            } else if (told.get(place) !== state.error) {
                told.set(place, state.error);
                void boundary.run(() => Promise.reject(state.error));
            }
        }
    };
    return vscode.Disposable.from(
        store.onDidChange(tellFailures),
        store.onDidChange(() => {
            const state = store.stateOf(thisHost);
            hostState.value = hostStateOf(state);
            activeFailure.value = activeFailureOf(store.failure);
            failedChecks.value = state.kind === 'ready' ? `,${state.failedChecks.map(({ id }) => id).join(',')},` : '';
        }),
    );
}
