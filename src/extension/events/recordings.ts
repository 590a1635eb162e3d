/**
 * The recordings of this window: of each VM at most one, held by the agent of its place. Their states are asked for again
 * while somebody looks (`watch`). A recording ends with its agent; `lossOf` then says so until the next one begins.
 */
import * as vscode from 'vscode';
import { toGuestmemError, type GuestmemError } from '../../common/errors';
import type { EventMethods, RecordingState } from '../../common/eventMethods';
import type { ReplayMethods } from '../../common/replayMethods';
import type { AgentClient } from '../connection/agentClient';
import type { Places } from '../connection/places';
import type { Waiting } from '../map/mapSource';
import { Poller } from '../poller';
import type { VmRef, VmStore } from '../vmStore';
import { recordingErrors } from './recordingErrors';

interface Held {
    readonly ref: VmRef;
    readonly agent: AgentClient;
    readonly state: RecordingState;
}

/** Methods about one recording. */
type RecordingMethods = Omit<EventMethods, 'startRecording'> & Pick<ReplayMethods, 'openReplay'>;

const pauseMs = 1000;

export class Recordings implements vscode.Disposable {
    private readonly held = new Map<string, Held>();
    private readonly losses = new Map<string, GuestmemError>();
    private readonly starting = new Map<string, Promise<RecordingState>>();
    private readonly changed = new vscode.EventEmitter<VmRef>();
    private readonly poller = new Poller(
        () => this.refresh(),
        () => pauseMs,
    );
    private readonly agentListener: vscode.Disposable;
    private watchers = 0;
    /** What is known of this VM's recording changed: while it goes on, each time that it was asked for. */
    readonly onDidChange = this.changed.event;

    constructor(
        private readonly store: VmStore,
        places: Places,
    ) {
        this.agentListener = places.onDidEndAgent(({ place, error }) => {
            for (const held of [...this.held.values()]) {
                if (held.ref.place === place && held.agent === places.get(place)) this.lose(held, recordingErrors.lostWithAgent(error));
            }
        });
    }

    /** Undefined while there is none. */
    stateOf(ref: VmRef): RecordingState | undefined {
        return this.held.get(keyOf(ref))?.state;
    }

    /** Why the recording that there was is gone. */
    lossOf(ref: VmRef): GuestmemError | undefined {
        return this.losses.get(keyOf(ref));
    }

    /** VMs that have a recording. */
    get vms(): readonly VmRef[] {
        return [...this.held.values()].map(({ ref }) => ref);
    }

    /** VMs that are being recorded now, which slows their hosts. */
    get running(): readonly VmRef[] {
        return [...this.held.values()].filter(({ state }) => state.state === 'recording').map(({ ref }) => ref);
    }

    /** Resolves once it records; at once when it does already. An earlier recording of this VM is given up for it. */
    start(ref: VmRef, waiting?: Waiting): Promise<RecordingState> {
        const key = keyOf(ref);
        const state = this.stateOf(ref);
        if (state?.state === 'recording') return Promise.resolve(state);
        const started = this.starting.get(key) ?? this.begin(ref, waiting).finally(() => this.starting.delete(key));
        this.starting.set(key, started);
        return started;
    }

    /** What was recorded stays. */
    async stop(ref: VmRef): Promise<void> {
        const held = this.held.get(keyOf(ref));
        if (held?.state.state !== 'recording') return;
        const state = await this.ask(ref, 'stopRecording', {});
        if (this.isHeld(held)) this.set({ ...held, state });
    }

    /** Ends it, and gives up what was recorded. */
    async discard(ref: VmRef): Promise<void> {
        await this.close(ref);
        this.updatePolling();
        this.changed.fire(ref);
    }

    /** Asks the agent about the VM's recording; where there is none (any more) it rejects with why. */
    async ask<Method extends keyof RecordingMethods>(
        ref: VmRef,
        method: Method,
        params: Omit<RecordingMethods[Method]['params'], 'recording'>,
        waiting?: Waiting,
    ): Promise<RecordingMethods[Method]['result']> {
        const held = this.held.get(keyOf(ref));
        if (held === undefined) throw this.lossOf(ref) ?? recordingErrors.none();
        try {
            const sent = { ...params, recording: held.state.recording } as unknown as RecordingMethods[Method]['params'];
            return await held.agent.request(method, sent, waiting);
        } catch (thrown) {
            const error = toGuestmemError(thrown);
            if (!isWithoutRecording(error)) throw error;
            const loss = recordingErrors.lostWithAgent(error);
            if (this.isHeld(held)) this.lose(held, loss);
            throw loss;
        }
    }

    /** Somebody looks, until it is disposed of. */
    watch(): vscode.Disposable {
        this.watchers++;
        this.updatePolling();
        let watches = true;
        return new vscode.Disposable(() => {
            if (watches) this.watchers--;
            watches = false;
            this.updatePolling();
        });
    }

    dispose(): void {
        this.agentListener.dispose();
        this.poller.dispose();
        this.changed.dispose();
    }

    private async begin(ref: VmRef, waiting: Waiting | undefined): Promise<RecordingState> {
        await this.close(ref);
        const agent = this.store.agentOf(ref);
        const state = await agent.request('startRecording', { vm: ref.id }, waiting);
        this.set({ ref, agent, state });
        return state;
    }

    private async close(ref: VmRef): Promise<void> {
        const held = this.held.get(keyOf(ref));
        this.held.delete(keyOf(ref));
        this.losses.delete(keyOf(ref));
        try {
            await held?.agent.request('closeRecording', { recording: held.state.recording });
        } catch (thrown) {
            if (!isWithoutRecording(toGuestmemError(thrown))) throw thrown;
        }
    }

    /** Looks at all of them, stopped ones, too: only so is it noticed that their agent was started anew. */
    private async refresh(): Promise<void> {
        await Promise.all(
            [...this.held.values()].map(async (held) => {
                try {
                    const state = await this.ask(held.ref, 'recordingState', {});
                    if (this.isHeld(held)) this.set({ ...held, state });
                } catch {
                    // What ends a recording is told as its loss; anything else shows in what is asked of it next.
                }
            }),
        );
    }

    private isHeld(held: Held): boolean {
        const now = this.held.get(keyOf(held.ref));
        return now?.agent === held.agent && now.state.recording === held.state.recording;
    }

    private set(asked: Held): void {
        const before = this.held.get(keyOf(asked.ref));
        // Of what has ended the clock stands still: from its start to then is what it tells of.
        const hasEnded = before !== undefined && before.state.state !== 'recording' && this.isHeld(asked);
        const held = hasEnded ? { ...asked, state: { ...asked.state, now: before.state.now } } : asked;
        this.held.set(keyOf(held.ref), held);
        this.updatePolling();
        if (JSON.stringify(before?.state) !== JSON.stringify(held.state)) this.changed.fire(held.ref);
    }

    private lose(held: Held, loss: GuestmemError): void {
        this.held.delete(keyOf(held.ref));
        this.losses.set(keyOf(held.ref), loss);
        this.updatePolling();
        this.changed.fire(held.ref);
    }

    private updatePolling(): void {
        this.poller.wanted = this.watchers > 0 && this.held.size > 0;
    }
}

const keyOf = ({ place, id }: VmRef): string => JSON.stringify([place, id]);

/** The agent ended, or another one answers that never heard of the recording. */
const isWithoutRecording = ({ code, data }: GuestmemError): boolean => code === 'agent' || (code === 'usage' && data['recording'] !== undefined);
