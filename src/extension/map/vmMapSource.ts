/** The map of the active VM, as the agent of its place holds it open; after an end of the agent it is opened anew. */
import type * as vscode from 'vscode';
import type { Hex } from '../../common/address';
import { toGuestmemError } from '../../common/errors';
import type { VmDetails } from '../../common/model';
import type { AgentClient } from '../connection/agentClient';
import type { MapSource, SourceMap, Waiting } from './mapSource';
import { vmLabel } from '../trees/memslotText';
import type { ActiveVm, VmRef, VmStore } from '../vmStore';

/** A VM's maps are of one subject, whether of now or of then. */
export const mapSubject = ({ place, id }: VmRef): string => `${place} ${id}`;
export const mapTitle = ({ id }: VmRef, { vm }: Pick<VmDetails, 'vm'>): string => `${vmLabel(vm)} (${id})`;

interface Held extends SourceMap {
    readonly ref: VmRef;
}

const isSame = (one: VmRef | undefined, other: VmRef | undefined) => one?.place === other?.place && one?.id === other?.id;

export class VmMapSource implements MapSource {
    readonly onDidChange: vscode.Event<void>;
    readonly readOnly = null;
    private held: Held | undefined;
    private addressSpace = 0;
    private isDisposed = false;

    constructor(private readonly store: VmStore) {
        this.onDidChange = store.onDidChange;
    }

    get current(): SourceMap | undefined {
        return this.held;
    }

    get isCurrent(): boolean {
        return isSame(this.held?.ref, this.store.active?.ref);
    }

    get vm(): VmRef | undefined {
        return this.held?.ref;
    }

    async read(waiting?: Waiting): Promise<SourceMap | undefined> {
        const { active, failure } = this.store;
        if (active === undefined) {
            if (failure !== undefined) throw failure;
            return undefined;
        }
        const agent = this.store.agentOf(active.ref);
        const { held } = this;
        if (held !== undefined && !isSame(held.ref, active.ref)) this.addressSpace = 0;
        const isIt = held?.agent === agent && isSame(held.ref, active.ref) && held.opened.addressSpace === this.addressSpace;
        if (!isIt) return this.open(active, agent, waiting);
        try {
            return await this.refresh(held, waiting);
        } catch (thrown) {
            // An agent that was started anew holds no map of the former one.
            if (toGuestmemError(thrown).code !== 'usage') throw thrown;
            return this.open(active, agent, waiting);
        }
    }

    lookAgain(): Promise<void> {
        return this.store.refresh();
    }

    showAddressSpace(addressSpace: number): void {
        this.addressSpace = addressSpace;
    }

    async explain(gpa: Hex): ReturnType<MapSource['explain']> {
        const { held } = this;
        if (held === undefined) return null;
        const { addressSpace } = held.opened;
        return { type: 'explain', facts: await held.agent.request('explain', { vm: held.ref.id, addressSpace, gpa }) };
    }

    dispose(): void {
        this.isDisposed = true;
        this.close();
    }

    private async open({ ref, details }: ActiveVm, agent: AgentClient, waiting?: Waiting): Promise<SourceMap> {
        this.close();
        const opened = await agent.request('openMap', { vm: ref.id, addressSpace: this.addressSpace }, waiting);
        const held = { ref, agent, opened, changed: null, subject: mapSubject(ref), title: mapTitle(ref, details), subtitle: null, takenAt: opened.takenAt };
        this.held = held;
        if (this.isDisposed) this.close();
        return held;
    }

    private async refresh(held: Held, waiting?: Waiting): Promise<SourceMap> {
        const { map, generation } = held.opened;
        const found = await held.agent.request('refreshMap', { map, generation }, waiting);
        this.held = found.changed
            ? { ...held, opened: found.opened, changed: found.extents, takenAt: found.opened.takenAt }
            : { ...held, changed: [], takenAt: found.takenAt };
        return this.held;
    }

    private close(): void {
        const { held } = this;
        this.held = undefined;
        // The agent closes what it holds when it ends; that it ended is told by the next request.
        held?.agent.request('closeMap', { map: held.opened.map }).catch(() => undefined);
    }
}
