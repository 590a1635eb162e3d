/** A source of maps that shows what differs between an earlier state and what another source has, or a later state. */
import * as vscode from 'vscode';
import type { Hex } from '../../common/address';
import type { KeptState } from './keptStates';
import type { MapSource, SourceMap, Waiting } from './mapSource';

export class ComparedSource implements MapSource {
    current: SourceMap | undefined;
    /** The later one of what is compared in `current`. */
    private later = 0;

    /** `after` undefined = what `source` has now. */
    constructor(
        private readonly source: MapSource,
        private readonly before: KeptState,
        private readonly after: KeptState | undefined,
    ) {}

    get onDidChange(): vscode.Event<void> {
        return this.source.onDidChange;
    }

    get isCurrent(): boolean {
        return this.source.isCurrent;
    }

    get vm(): MapSource['vm'] {
        return this.after === undefined ? this.source.vm : undefined;
    }

    get readOnly(): string | null {
        return this.after === undefined ? this.source.readOnly : vscode.l10n.t('Two kept states are compared; neither is what the VM has now.');
    }

    async read(waiting?: Waiting): Promise<SourceMap | undefined> {
        const now = await this.source.read(waiting);
        if (now === undefined) return undefined;
        const { agent } = this.before;
        const after = this.after?.opened ?? now.opened;
        const { current } = this;
        const { l10n } = vscode;
        const earlier = this.before.name;
        // What is in a file is never "now".
        const later = this.after?.name ?? (this.source.readOnly === null ? undefined : now.title);
        const subtitle = later === undefined ? l10n.t('What differs now from {0}', earlier) : l10n.t('What differs in {0} from {1}', later, earlier);
        if (current === undefined || this.later !== after.map) {
            this.close();
            const opened = await agent.request('compareMaps', { before: this.before.opened.map, after: after.map });
            this.later = after.map;
            this.current = { ...now, agent, opened, changed: null, subtitle };
        } else {
            const { map, generation } = current.opened;
            const found = await agent.request('refreshMap', { map, generation });
            const [opened, changed] = found.changed ? [found.opened, found.extents] : [current.opened, []];
            this.current = { ...now, agent, opened, changed, subtitle };
        }
        return this.current;
    }

    lookAgain(): Promise<void> {
        return this.source.lookAgain();
    }

    showAddressSpace(addressSpace: number): void {
        this.source.showAddressSpace(addressSpace);
    }

    explain(gpa: Hex): ReturnType<MapSource['explain']> {
        return this.source.explain(gpa);
    }

    /** The source goes on. */
    dispose(): void {
        this.close();
    }

    private close(): void {
        const { current } = this;
        this.current = undefined;
        // An agent that ended holds nothing any more.
        current?.agent.request('closeMap', { map: current.opened.map }).catch(() => undefined);
    }
}
