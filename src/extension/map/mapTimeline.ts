/**
 * The host's side of src/common/timelineMessages.ts: tells the webview of the page map what is recorded of the VM, counts
 * the events for it, and has the panel show the map as it was at a time.
 */
import * as vscode from 'vscode';
import { sumOfGroups } from '../../common/eventGroups';
import type { CommandId } from '../../common/manifest';
import type { MapEvent } from '../../common/mapMessages';
import type { ShownRecording, TimeBuckets, TimelineRequest } from '../../common/timelineMessages';
import type { RecordingState } from '../../common/eventMethods';
import type { CommandTarget } from '../commandTarget';
import type { Recordings } from '../events/recordings';
import type { VmRef, VmStore } from '../vmStore';
import type { MapSource } from './mapSource';
import { ReplaySource } from './replaySource';

/** What it needs of the panel. */
export interface TimelinePanel {
    /** The map of what is now. */
    readonly now: MapSource;
    post(event: MapEvent): Promise<void>;
    /** Shows this source instead of what is now (undefined = what is now); resolves when the webview has it, or why not. */
    showInstead(source: MapSource | undefined): Promise<void>;
}

export class MapTimeline {
    private readonly disposables: readonly vscode.Disposable[];
    private watching: vscode.Disposable | undefined;
    /** The VM that is active, or the last one after its end: it can be looked at as it was. */
    private vm: VmRef | undefined;
    private past: ReplaySource | undefined;
    /** The newest request for a time is answered, when those before it have been given up. */
    private lastRequest = 0;

    constructor(
        private readonly panel: TimelinePanel,
        private readonly store: VmStore,
        private readonly recordings: Recordings,
    ) {
        this.vm = store.active?.ref;
        this.disposables = [
            store.onDidChange(() => this.vmChanged()),
            recordings.onDidChange((ref) => {
                if (isSame(ref, this.vm)) this.recordingChanged();
            }),
        ];
    }

    /** While somebody sees it, it is kept up to date. */
    set isVisible(isVisible: boolean) {
        if (isVisible === (this.watching !== undefined)) return;
        this.watching?.dispose();
        this.watching = isVisible ? this.recordings.watch() : undefined;
    }

    /** The webview knows nothing yet. */
    async ready(): Promise<void> {
        await this.postRecording();
        await this.panel.post({ type: 'shownTime', time: this.past?.shownTime ?? null, instead: true });
    }

    async obey(request: TimelineRequest): Promise<void> {
        switch (request.type) {
            case 'startRecording':
                return this.execute('guestmem.events.record');
            case 'stopRecording':
                return this.execute('guestmem.events.stop');
            case 'showEvents':
                return this.execute('guestmem.events.show');
            case 'countEvents':
                return this.count(request.of);
            case 'showTime':
                return this.answer(request.time);
        }
    }

    /** Leads the map to a time, unasked by the webview; null = now. */
    async showAt(time: number | null): Promise<void> {
        const request = ++this.lastRequest;
        await this.show(time);
        if (request === this.lastRequest) await this.postTime(true);
    }

    dispose(): void {
        this.isVisible = false;
        for (const disposable of this.disposables) disposable.dispose();
    }

    private async answer(time: number | null): Promise<void> {
        const request = ++this.lastRequest;
        await this.show(time);
        if (request === this.lastRequest) await this.postTime((this.past?.shownTime ?? null) !== time);
    }

    private async show(time: number | null): Promise<void> {
        const { past } = this;
        if (time !== null && past !== undefined) {
            past.time = time;
            return this.panel.showInstead(past);
        }
        this.past = time === null ? undefined : this.openPast(time);
        return this.panel.showInstead(this.past);
    }

    private openPast(time: number): ReplaySource | undefined {
        const { vm, store, recordings, panel } = this;
        const recording = vm === undefined ? undefined : recordings.stateOf(vm)?.recording;
        if (vm === undefined || recording === undefined) return undefined;
        const addressSpace = panel.now.current?.opened.addressSpace ?? 0;
        const past: ReplaySource = new ReplaySource(recordings, store.agentOf(vm), vm, recording, addressSpace, time, () => {
            if (this.past !== past) return;
            // A comparison took its place, or it could not be read.
            this.past = undefined;
            void this.postTime(true);
        });
        return past;
    }

    private vmChanged(): void {
        const active = this.store.active?.ref;
        if (active === undefined || isSame(active, this.vm)) return;
        this.vm = active;
        this.recordingChanged();
    }

    private recordingChanged(): void {
        void this.postRecording();
        const { past } = this;
        if (past === undefined || (this.vm !== undefined && this.recordings.stateOf(this.vm)?.recording === past.recording)) return;
        void this.showAt(null);
    }

    private async postRecording(): Promise<void> {
        const state = this.vm === undefined ? undefined : this.recordings.stateOf(this.vm);
        const offered = this.vm !== undefined;
        await this.panel.post({ type: 'recording', recording: state === undefined ? null : shownRecording(state), offered });
    }

    private async postTime(instead: boolean): Promise<void> {
        await this.panel.post({ type: 'shownTime', time: this.past?.shownTime ?? null, instead });
    }

    private async count(of: TimeBuckets): Promise<void> {
        await this.panel.post({ type: 'eventCounts', of, counts: await this.countGroups(of) });
    }

    /** A row for each group. */
    private async countGroups({ from, to, buckets }: TimeBuckets): Promise<Uint32Array | null> {
        const { vm, recordings } = this;
        if (vm === undefined) return null;
        const ask = (failed: boolean) => {
            const filter = { kinds: null, range: null, failed, times: null };
            return recordings.ask(vm, 'countEvents', { filter, from, to, buckets });
        };
        try {
            const [all, failed] = await Promise.all([ask(false), ask(true)]);
            return sumOfGroups(all, failed);
        } catch {
            // Why the recording cannot be asked any more is told where it is kept; the strip draws what it knows.
            return null;
        }
    }

    private async execute(command: CommandId): Promise<void> {
        const { vm } = this;
        if (vm !== undefined) await vscode.commands.executeCommand(command, { vm } satisfies CommandTarget);
    }
}

const isSame = (one: VmRef | undefined, other: VmRef | undefined): boolean => one?.place === other?.place && one?.id === other?.id;

function shownRecording({ state, since, now, missing, events, lost, losses, givenUp, oldest }: RecordingState): ShownRecording {
    return { state, since, now, missing, events, lost, losses, givenUp, oldest };
}
