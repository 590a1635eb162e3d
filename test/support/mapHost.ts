/** Stands between the page map alone and an agent, as the extension host does: passes on what the map asks, and the answers. */
import type { MapEvent, MapRequest, ShownMap } from '../../src/common/mapMessages';
import type { PageFacts } from '../../src/common/model';
import type { Extent, OpenedMap } from '../../src/common/openedMap';
import { answerQuestion, readTiles, type AskedMap } from '../../src/extension/map/mapAnswers';
import type { AgentProcess } from './agentProcess';
import { shownMap, type MadeMap } from './madeMaps';
import type { PretendedHost } from './mapPage';

export const madeAgentFile = 'out/test/support/madeMapAgent.cjs';

type Send = (event: MapEvent) => Promise<void>;

export class MapHost implements PretendedHost {
    /** Everything that the map asked for, in order. */
    readonly requests: MapRequest[] = [];
    /** Requests that are not answered yet. */
    pending = 0;
    /** Where the map is. */
    send: Send = () => Promise.reject(new Error('no map is there yet'));
    /** What it says of an address. */
    explain: (gpa: string) => PageFacts | null = () => null;
    /** Gets what it has no answer to. */
    others: (request: MapRequest) => Promise<void> = () => Promise.resolve();
    private opened: OpenedMap | undefined;
    private frame: Partial<ShownMap> = {};
    private readonly made: OpenedMap[] = [];
    private isReady = false;

    constructor(private readonly agent: AgentProcess) {}

    /** What it shows. */
    get map(): OpenedMap | undefined {
        return this.opened;
    }

    async make(map: MadeMap): Promise<OpenedMap> {
        return this.keep(await this.agent.request('openMap', { vm: JSON.stringify(map), addressSpace: 0 }));
    }

    async compare(before: OpenedMap, after: OpenedMap): Promise<OpenedMap> {
        return this.keep(await this.agent.request('compareMaps', { before: before.map, after: after.map }));
    }

    /** `frame` is what the host says otherwise than usual. */
    async show(opened: OpenedMap, frame: Partial<ShownMap> = {}, changed: readonly Extent[] | null = null): Promise<void> {
        this.opened = opened;
        this.frame = frame;
        if (this.isReady) await this.send({ type: 'map', map: { ...shownMap(opened), ...frame }, changed });
    }

    /** Closes all that it made, for the agent holds only some open. */
    async close(): Promise<void> {
        for (const { map } of this.made.splice(0)) await this.agent.request('closeMap', { map });
    }

    private keep(opened: OpenedMap): OpenedMap {
        this.made.push(opened);
        return opened;
    }

    /** Looks for changes, and shows them. */
    async refresh(): Promise<void> {
        const { map, generation } = this.shown();
        const refreshed = await this.agent.request('refreshMap', { map, generation });
        if (refreshed.changed) await this.show(refreshed.opened, this.frame, refreshed.extents);
    }

    async receive(request: MapRequest): Promise<void> {
        this.requests.push(request);
        this.pending++;
        try {
            if (request.type === 'ready') {
                this.isReady = true;
                if (this.opened !== undefined) await this.show(this.opened, this.frame);
            } else if (request.type === 'tiles' || request.type === 'ask') {
                await this.send(await this.answer(request, { agent: this.agent, opened: this.shown() }));
            } else {
                await this.others(request);
            }
        } finally {
            this.pending--;
        }
    }

    private async answer(request: Extract<MapRequest, { type: 'tiles' | 'ask' }>, asked: AskedMap): Promise<MapEvent> {
        if (request.type === 'tiles') return readTiles(asked, request);
        const { question, about } = request;
        const explain = (gpa: string) => {
            const facts = this.explain(gpa);
            return Promise.resolve(facts === null ? null : ({ type: 'explain', facts } as const));
        };
        return { type: 'answer', question, answer: await answerQuestion({ explain }, asked, about) };
    }

    private shown(): OpenedMap {
        if (this.opened === undefined) throw new Error('No map is shown.');
        return this.opened;
    }
}
