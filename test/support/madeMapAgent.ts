/** An agent whose VMs are made up: openMap takes a MadeMap as text instead of a VM's id. All else is the agent's own. */
import { makeHandlers } from '../../src/agent/handlers';
import { indexedMap, indexRuns, mostExtents, toExtents, type IndexedMap } from '../../src/agent/maps/indexedMap';
import { makeMapHandlers } from '../../src/agent/maps/mapHandlers';
import type { MapSource, RequireRoom } from '../../src/agent/maps/mapSource';
import { OpenMaps } from '../../src/agent/maps/openMaps';
import type { Pace } from '../../src/agent/pace';
import { readPageMap } from '../../src/agent/pages/pageMap';
import { VmDirectory } from '../../src/agent/discovery/vmDirectory';
import { serve } from '../../src/agent/protocol/server';
import { checkFields } from '../../src/agent/validate';
import type { Extent } from '../../src/common/openedMap';
import type { PageRuns } from '../../src/common/pageRuns';
import { buildRuns, madeDetails, noTotals, type MadeMap, type SlotShape } from './madeMaps';

class MadeMapSource implements MapSource {
    readonly origin = 'live';
    readonly made = null;

    private constructor(
        private readonly slots: readonly SlotShape[],
        /** Made once, so that a refresh takes as long as that of a VM after its pages were read. */
        private readonly stages: readonly PageRuns[],
        public current: IndexedMap,
    ) {}

    static async open({ slots, stages }: MadeMap): Promise<MadeMapSource> {
        const runs = stages.map(buildRuns);
        return new MadeMapSource(slots, runs, await stateOf(slots, runs, 1));
    }

    get indexes() {
        return [this.current.index];
    }

    async refresh(_pace: Pace, requireRoom: RequireRoom): Promise<readonly Extent[] | null> {
        if (this.stages.length < 2) return null;
        const { index, generation } = this.current;
        this.current = await stateOf(this.slots, this.stages, generation + 1);
        requireRoom(this.current.index);
        return toExtents(await index.differences(this.current.index, mostExtents));
    }
}

function stateOf(slots: readonly SlotShape[], stages: readonly PageRuns[], generation: number): Promise<IndexedMap> {
    const runs = stages[(generation - 1) % stages.length];
    if (runs === undefined) throw new Error('A made map needs a stage.');
    const facts = {
        details: madeDetails(slots),
        addressSpace: 0,
        takenAt: new Date(Date.UTC(2026, 0, 1, 0, 0, generation)).toISOString(),
        consistent: true,
        totals: noTotals,
        unknown: [],
    };
    return indexedMap(facts, indexRuns(runs), generation);
}

const maps = new OpenMaps();
void serve((readMap, askClient) => ({
    ...makeHandlers(readMap, askClient),
    ...makeMapHandlers(new VmDirectory(), readMap ?? readPageMap, maps),
    openMap: async (params) => maps.add(await MadeMapSource.open(JSON.parse(String(checkFields(params)['vm'])) as MadeMap)),
})).then((status) => process.exit(status));
