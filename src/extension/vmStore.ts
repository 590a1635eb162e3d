/**
 * What this window knows: the VMs of all places, and the one *active VM* that the trees, the map, the hover, the
 * palette and the status bar speak of. It asks agents only when told to refresh; listeners hear only of real changes.
 */
import * as vscode from 'vscode';
import { GuestmemError, toGuestmemError } from '../common/errors';
import type { DoctorCheck, Unknown, VmDetails, VmId, VmSummary } from '../common/model';
import type { AgentClient } from './connection/agentClient';
import type { Places } from './connection/places';

export interface VmRef {
    readonly place: string;
    readonly id: VmId;
}

export type PlaceState =
    | { readonly kind: 'loading' }
    | {
          readonly kind: 'ready';
          readonly vms: readonly VmSummary[];
          readonly unknown: readonly Unknown[];
          /** Checks of the host that failed; asked for only when something is missing. */
          readonly failedChecks: readonly DoctorCheck[];
      }
    | { readonly kind: 'failed'; readonly error: GuestmemError };

export interface ActiveVm {
    readonly ref: VmRef;
    readonly details: VmDetails;
}

export const isSame = (one: VmRef, other: VmRef): boolean => one.place === other.place && one.id === other.id;
const hasEnded = ({ id }: VmRef) => new GuestmemError('no-such-vm', vscode.l10n.t('The VM {0} has ended.', id), { vm: id });
/** What of a VM is compared: where its vCPUs stand differs each time one looks, and no view shows it. */
function lasting(active: ActiveVm | undefined): string | undefined {
    if (active === undefined) return undefined;
    const { vcpus, unknown, ...details } = active.details;
    const others = unknown.filter(({ field }) => !field.startsWith('vcpus.'));
    return JSON.stringify([active.ref, details, others, vcpus.map(({ id, fd, tid }) => [id, fd, tid])]);
}

const rememberedKey = 'guestmem.activeVm';

export class VmStore implements vscode.Disposable {
    private readonly states = new Map<string, PlaceState>();
    private readonly changed = new vscode.EventEmitter<void>();
    private readonly listeners: vscode.Disposable[];
    /** The VM that shall be active; it is, once its agent has described it. */
    private chosen: VmRef | undefined;
    private activeVm: ActiveVm | undefined;
    private activeFailure: GuestmemError | undefined;
    private refreshing: Promise<void> | undefined;
    /** The state of a place or the active VM changed. */
    readonly onDidChange = this.changed.event;

    constructor(
        private readonly places: Places,
        private readonly memento: vscode.Memento,
    ) {
        this.chosen = memento.get<VmRef>(rememberedKey);
        this.listeners = [
            places.onDidChange(() => {
                if (!this.inUse) return;
                this.states.clear();
                // A refresh that is under way still asks the former agents.
                void this.refresh().then(() => this.refresh());
            }),
            places.onDidEndAgent(({ place, error }) => this.setState(place, { kind: 'failed', error })),
        ];
    }

    /** False until something asked for the state: then no agent runs for this window. */
    get inUse(): boolean {
        return this.states.size > 0;
    }

    get active(): ActiveVm | undefined {
        return this.activeVm;
    }

    /** Why the VM that was active is not described any more. */
    get failure(): GuestmemError | undefined {
        return this.activeFailure;
    }

    stateOf(place: string): PlaceState {
        return this.states.get(place) ?? { kind: 'loading' };
    }

    vms(): { readonly ref: VmRef; readonly summary: VmSummary }[] {
        return this.places.names.flatMap((place) => {
            const state = this.stateOf(place);
            return state.kind === 'ready' ? state.vms.map((summary) => ({ ref: { place, id: summary.id }, summary })) : [];
        });
    }

    /** False also while its place cannot tell. */
    isGone(ref: VmRef): boolean {
        const state = this.stateOf(ref.place);
        return state.kind === 'ready' && !state.vms.some(({ id }) => id === ref.id);
    }

    /** Why there is no VM to choose from, as an error with the remedy that fits. */
    noVm(): GuestmemError {
        for (const place of this.places.names) {
            const state = this.stateOf(place);
            if (state.kind === 'failed') return state.error;
            const [check] = state.kind === 'ready' ? state.failedChecks : [];
            if (check !== undefined) return new GuestmemError('not-permitted', vscode.l10n.t('No VM can be seen: {0}', check.found));
        }
        return new GuestmemError('no-such-vm', vscode.l10n.t('No KVM virtual machine is running. Start one, then try again.'));
    }

    agentOf(ref: VmRef): AgentClient {
        const agent = this.places.get(ref.place);
        if (agent === undefined) throw hasEnded(ref);
        return agent;
    }

    /** Rejects, and leaves the active VM as it is, when the agent cannot describe this one. */
    async activate(ref: VmRef): Promise<ActiveVm> {
        const active = { ref, details: await this.agentOf(ref).request('show', { vm: ref.id }) };
        await this.choose(ref);
        this.setActive(active, undefined);
        return active;
    }

    /** Asks every place again; requests made meanwhile share one answer. */
    refresh(): Promise<void> {
        this.refreshing ??= this.readAll().finally(() => (this.refreshing = undefined));
        return this.refreshing;
    }

    dispose(): void {
        for (const listener of this.listeners) listener.dispose();
        this.changed.dispose();
    }

    private async readAll(): Promise<void> {
        const { chosen } = this;
        const known = new Set(this.vms().map(({ ref }) => JSON.stringify(ref)));
        let described: VmRef | undefined;
        await Promise.all(
            this.places.names.map(async (place) => {
                await this.readPlace(place);
                // A place that is slow to answer does not hold back the VM of another. One that was chosen meanwhile may
                // be younger than the answer.
                if (chosen?.place !== place || this.chosen !== chosen) return;
                described = chosen;
                await this.dropIfGone(chosen);
                await this.describeActive();
            }),
        );
        const vms = this.vms();
        const [only] = vms;
        // A VM that is alone and new becomes active by itself; one that is merely left over does not take the place of
        // the VM that ended, under the hand of someone who looks at that one.
        if (this.chosen === undefined && only !== undefined && vms.length === 1 && !known.has(JSON.stringify(only.ref))) {
            await this.choose(only.ref);
        }
        if (this.chosen !== described) await this.describeActive();
    }

    private async readPlace(place: string): Promise<void> {
        const agent = this.places.get(place);
        if (agent === undefined) return;
        if (!this.states.has(place)) this.setState(place, { kind: 'loading' });
        try {
            const { vms, unknown } = await agent.request('vms', {});
            const complete = vms.length > 0 && unknown.length === 0;
            const checks = complete ? [] : (await agent.request('doctor', {})).checks;
            this.setState(place, { kind: 'ready', vms, unknown, failedChecks: checks.filter((check) => !check.ok) });
        } catch (thrown) {
            const error = toGuestmemError(thrown);
            // An agent that this window ended itself says nothing about the place.
            if (error.data['stopped'] !== true) this.setState(place, { kind: 'failed', error });
        }
    }

    /** A VM that is gone is not waited for: its number may come back as another's. */
    private async dropIfGone(ref: VmRef): Promise<void> {
        if (!this.isGone(ref)) return;
        await this.choose(undefined);
        this.setActive(undefined, hasEnded(ref));
    }

    private async describeActive(): Promise<void> {
        const ref = this.chosen;
        if (ref === undefined) return;
        const state = this.stateOf(ref.place);
        if (state.kind === 'failed') {
            this.setActive(undefined, state.error);
            return;
        }
        // Another VM may be chosen while the agent answers.
        const isStillChosen = () => this.chosen !== undefined && isSame(this.chosen, ref);
        try {
            const details = await this.agentOf(ref).request('show', { vm: ref.id });
            if (isStillChosen()) this.setActive({ ref, details }, undefined);
        } catch (thrown) {
            if (!isStillChosen()) return;
            const error = toGuestmemError(thrown);
            const gone = error.code === 'no-such-vm' || error.code === 'no-such-process' || error.code === 'not-a-vmm';
            if (gone) await this.choose(undefined);
            this.setActive(undefined, gone ? hasEnded(ref) : error);
        }
    }

    private async choose(ref: VmRef | undefined): Promise<void> {
        this.chosen = ref;
        await this.memento.update(rememberedKey, ref);
    }

    private setState(place: string, state: PlaceState): void {
        if (JSON.stringify(this.states.get(place)) === JSON.stringify(state)) return;
        this.states.set(place, state);
        if (state.kind === 'failed' && this.activeVm?.ref.place === place) {
            this.activeVm = undefined;
            this.activeFailure = state.error;
        }
        this.changed.fire();
    }

    private setActive(active: ActiveVm | undefined, failure: GuestmemError | undefined): void {
        const same = lasting(this.activeVm) === lasting(active) && this.activeFailure?.message === failure?.message;
        this.activeVm = active;
        if (same) return;
        this.activeFailure = failure;
        this.changed.fire();
    }
}
