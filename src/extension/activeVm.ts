/**
 * Commands guestmem.vm.select (palette, status bar) and guestmem.vm.activate (a click in the tree), and the one question
 * that other commands ask: which VM do you mean? Context key guestmem.hasActiveVm.
 */
import * as vscode from 'vscode';
import { errors } from '../common/errors';
import { parseTarget, type CommandTarget } from './commandTarget';
import type { CommandBoundary } from './commandBoundary';
import { ManagedContextKey } from './managedContextKey';
import { vmLabel, vmTraits } from './trees/memslotText';
import { placeLabel, thisHost } from './connection/places';
import { withSlowProgress } from './slowProgress';
import type { ActiveVm, VmRef, VmStore } from './vmStore';

async function selectVm(store: VmStore): Promise<void> {
    const { l10n, window } = vscode;
    await withSlowProgress(l10n.t('Looking for virtual machines'), () => store.refresh());
    const items = store.vms().map(({ ref, summary }) => ({
        label: `$(vm) ${vmLabel(summary)}`,
        description: vmTraits(summary),
        ...(ref.place === thisHost ? {} : { detail: placeLabel(ref.place) }),
        ref,
    }));
    if (items.length === 0) throw store.noVm();
    const chosen = await window.showQuickPick(items, {
        placeHolder: l10n.t('The VM that hover, map and commands speak of'),
        matchOnDescription: true,
        matchOnDetail: true,
    });
    if (chosen !== undefined) await store.activate(chosen.ref);
}

/** The VM that a command is about: the target's, else the active one, else the one that the user picks now. */
export async function resolveVm(store: VmStore, target: CommandTarget): Promise<ActiveVm> {
    const isWanted = (ref: VmRef) => target.vm === undefined || (ref.place === target.vm.place && ref.id === target.vm.id);
    if (store.active !== undefined && isWanted(store.active.ref)) return store.active;
    if (target.vm !== undefined) return store.activate(target.vm);
    await store.refresh();
    // A lone VM became active by the refresh itself.
    if (store.active === undefined) await selectVm(store);
    if (store.active === undefined) throw errors.cancelled();
    return store.active;
}

export function registerActiveVm(store: VmStore, boundary: CommandBoundary): vscode.Disposable {
    const hasActiveVm = new ManagedContextKey('guestmem.hasActiveVm');
    return vscode.Disposable.from(
        store.onDidChange(() => (hasActiveVm.value = store.active !== undefined)),
        boundary.register('guestmem.vm.select', () => selectVm(store)),
        boundary.register('guestmem.vm.activate', async (argument) => {
            const { vm } = parseTarget(argument);
            await (vm === undefined ? selectVm(store) : store.activate(vm));
        }),
    );
}
