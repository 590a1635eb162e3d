/** A source of maps that shows a VM as it was at a time of its recording. Whoever has it says which time that is. */
import * as vscode from 'vscode';
import type { RecordingHandle } from '../../common/eventMethods';
import type { MapRefresh } from '../../common/openedMap';
import type { AgentClient } from '../connection/agentClient';
import type { Recordings } from '../events/recordings';
import type { VmRef } from '../vmStore';
import type { MapSource, SourceMap, Waiting } from './mapSource';
import { mapSubject, mapTitle } from './vmMapSource';

export class ReplaySource implements MapSource {
    readonly vm = undefined;
    readonly readOnly = vscode.l10n.t('This is the map as it was: return to now to read or change memory.');
    /** What is there is asked for with each `read`; the past does not change by itself. */
    readonly onDidChange: vscode.Event<void> = () => new vscode.Disposable(() => undefined);
    current: SourceMap | undefined;
    /** Of `current`; `time` is that of the next read. */
    shownTime: number | null = null;
    private isDisposed = false;

    constructor(
        private readonly recordings: Recordings,
        private readonly agent: AgentClient,
        private readonly ref: VmRef,
        readonly recording: RecordingHandle,
        private readonly addressSpace: number,
        public time: number,
        /** It is shown no longer. */
        private readonly onClosed: () => void,
    ) {}

    get isCurrent(): boolean {
        return this.current !== undefined;
    }

    async read(waiting?: Waiting): Promise<SourceMap> {
        const { time } = this;
        const read = await this.readAt(time, waiting);
        this.current = read;
        this.shownTime = time;
        if (this.isDisposed) this.close();
        return read;
    }

    lookAgain(): Promise<void> {
        return Promise.resolve();
    }

    /** A replay is of one address space. */
    showAddressSpace(): void {
        this.close();
    }

    /** The agent knows what is now; of then, the map's own runs say all that is known. */
    explain(): Promise<null> {
        return Promise.resolve(null);
    }

    dispose(): void {
        this.isDisposed = true;
        this.close();
        this.onClosed();
    }

    private async readAt(time: number, waiting: Waiting | undefined): Promise<SourceMap> {
        const { current } = this;
        if (current === undefined) return this.open(time, waiting);
        return time === this.shownTime ? { ...current, changed: [] } : this.move(current, time, waiting);
    }

    private async open(time: number, waiting: Waiting | undefined): Promise<SourceMap> {
        const { ref, agent, addressSpace } = this;
        const opened = await this.recordings.ask(ref, 'openReplay', { addressSpace, time }, waiting);
        return { agent, opened, changed: null, subject: mapSubject(ref), title: mapTitle(ref, opened.details), subtitle: null, takenAt: opened.takenAt };
    }

    private async move(current: SourceMap, time: number, waiting: Waiting | undefined): Promise<SourceMap> {
        const { map, generation } = current.opened;
        const found: MapRefresh = await this.agent.request('moveReplay', { map, time, generation }, waiting);
        return found.changed
            ? { ...current, opened: found.opened, changed: found.extents, takenAt: found.opened.takenAt }
            : { ...current, changed: [], takenAt: found.takenAt };
    }

    private close(): void {
        const { current } = this;
        this.current = undefined;
        // An agent that ended holds nothing any more.
        current?.agent.request('closeMap', { map: current.opened.map }).catch(() => undefined);
    }
}
