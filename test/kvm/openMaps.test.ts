/** Page maps that an agent holds open, against the demo VMM and what the command line says of it; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { unpackPageRuns } from '../../src/common/packedRuns';
import { GuestmemError, type ErrorCode } from '../../src/common/errors';
import { findLayer } from '../../src/common/mapLayers';
import { highestTileLevel, tilePages } from '../../src/common/mapTiles';
import type { PageMap, PageRun, VmDetails } from '../../src/common/model';
import type { Extent, MapRefresh, OpenedMap } from '../../src/common/openedMap';
import { pageRunAt } from '../../src/common/pageRuns';
import { AgentProcess } from '../support/agentProcess';
import { DemoVmm } from '../support/demoVmm';
import { guestmemJson } from '../support/guestmem';
import { endOf, page, pagesOf, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { cellsOf, cellsOfPages } from '../support/tiles';

const failsWith = (code: ErrorCode) => (thrown: unknown) => {
    assert.ok(thrown instanceof GuestmemError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    return true;
};

const gfnOf = (gpa: bigint) => Number(gpa / page);
const extentAt = (gpa: bigint, pages = 1): Extent => ({ start: gfnOf(gpa), end: gfnOf(gpa) + pages });

/** What a layer calls a page, by the command line's word on it. */
const names: Record<string, (run: PageRun) => string> = {
    attribute: ({ scope }) => (scope === 'none' ? 'Always shared' : 'Shared by its guest_memfd'),
    dirty: ({ dirty }) => (dirty === null ? 'Not known' : dirty ? 'Dirty' : 'Clean'),
};

function classIn(id: string, run: PageRun): number {
    const found = findLayer(id)?.classes.findIndex(({ name }) => name === names[id]?.(run)) ?? -1;
    assert.notEqual(found, -1, `${id} has no class for ${JSON.stringify(run)}`);
    return found;
}

describe('an open page map', () => {
    const vmm = suiteVmm(['--rate', '0', '--gmem', '4M']);
    let agent: AgentProcess;
    beforeEach(() => {
        agent = new AgentProcess();
    });
    afterEach(() => agent.end());

    const open = () => agent.request('openMap', { vm: vmm().id, addressSpace: 0 });
    const refresh = ({ map, generation }: OpenedMap) => agent.request('refreshMap', { map, generation });
    const told = () => guestmemJson<PageMap>(['map', vmm().id]);

    it('tells of the VM what the command line tells', async () => {
        const opened = await open();
        const map = await told();
        assert.equal(opened.runs, map.runs.length);
        assert.deepEqual(opened.totals, map.totals);
        assert.deepEqual(opened.unknown, map.unknown);
        assert.deepEqual(opened.details, await guestmemJson<VmDetails>(['show', vmm().id]));
        const { origin, generation, comparedWith, made, outside } = opened;
        assert.deepEqual({ origin, generation, comparedWith, made, outside }, { origin: 'live', generation: 1, comparedWith: null, made: null, outside: [] });
        const pages = map.runs.reduce((sum, run) => sum + pagesOf(run).length, 0);
        assert.equal(opened.kinds.reduce((sum, kind) => sum + kind.pages, 0), pages);
    });

    it('counts in every cell of every level the pages that the command line tells', async () => {
        const { map, generation } = await open();
        const runs = (await told()).runs;
        for (const layer of Object.keys(names)) {
            const pages = runs.flatMap((run) => pagesOf(run).map((gpa) => ({ gfn: gfnOf(gpa), class: classIn(layer, run) })));
            for (const level of [0, 1, 5, 8, 11, 20, highestTileLevel]) {
                const indices = [...new Set(pages.map(({ gfn }) => Math.floor(gfn / tilePages(level))))];
                const { tiles } = await agent.request('tiles', { map, generation, layer, level, tiles: indices });
                assert.deepEqual(tiles.map(({ index }) => index), indices);
                assert.deepEqual(cellsOf(tiles), cellsOfPages(pages, level), `${layer}, level ${level}`);
            }
        }
    });

    /** What a refresh found that must have found something. */
    async function changes(opened: OpenedMap): Promise<Extract<MapRefresh, { changed: true }>> {
        const found = await refresh(opened);
        assert.ok(found.changed, 'the refresh found no change');
        return found;
    }

    it('finds nothing to tell while nothing changes', async () => {
        const opened = await open();
        for (let round = 0; round < 3; round++) {
            const found = await refresh(opened);
            assert.ok(!found.changed, JSON.stringify([opened, found]));
        }
    });

    it('tells just the extents that changed, and refuses what has passed', async () => {
        const slot = vmm().memslot('anonymous');
        const opened = await open();
        const first = endOf(slot) - page;
        await vmm().changeHostMemory(first, page, 'touch');
        const found = await changes(opened);
        assert.deepEqual(found.extents, [extentAt(first)]);
        assert.deepEqual([found.opened.map, found.opened.generation], [opened.map, 2]);
        assert.deepEqual(found.opened.totals, (await told()).totals);

        const asked = { map: opened.map, layer: 'attribute', level: 0, tiles: [0] };
        await assert.rejects(agent.request('tiles', { ...asked, generation: 1 }), failsWith('map-changed'));
        assert.equal((await agent.request('tiles', { ...asked, generation: 2 })).tiles.length, 1);
        // Whoever missed an answer hears that everything may have changed.
        const missed = await changes(opened);
        assert.deepEqual([missed.extents, missed.opened.generation], [null, 3]);
    });

    it('tells how long ago pages changed', async () => {
        const slot = vmm().memslot('anonymous');
        const [first, second] = [startOf(slot) + 8n * page, startOf(slot) + 10n * page];
        let opened = await open();
        const pagesByClass = async (gpa: bigint) => {
            const { map, generation } = opened;
            const { counts } = await agent.request('countPages', { map, generation, layer: 'recentChange', extent: extentAt(gpa) });
            return counts;
        };
        const kinds = () => opened.kinds.filter(({ changed }) => changed !== undefined && changed !== null).map(({ changed, pages }) => [changed, pages]);
        assert.deepEqual([await pagesByClass(first), kinds()], [[[3, 1]], []]);

        await vmm().changeHostMemory(first, page, 'touch');
        opened = (await changes(opened)).opened;
        assert.deepEqual([await pagesByClass(first), await pagesByClass(second)], [[[0, 1]], [[3, 1]]]);
        assert.deepEqual(kinds(), [['last-refresh', 1]]);

        await vmm().changeHostMemory(second, page, 'touch');
        const found = await changes(opened);
        opened = found.opened;
        assert.deepEqual(found.extents, [extentAt(first), extentAt(second)]);
        const [[age] = []] = await pagesByClass(first);
        assert.ok(age !== undefined && age > 0, 'the first change counts as one of the last refresh');
        assert.deepEqual(await pagesByClass(second), [[0, 1]]);
        assert.equal(opened.runs, (await told()).runs.length, 'runs are cut where they changed');
        await vmm().changeHostMemory(first, 3n * page, 'drop');
    });

    it('tells changes of the VM itself', async () => {
        const slot = vmm().memslot('memfd');
        const opened = await open();
        await vmm().setDirtyLogging(slot.id, true);
        const { extents, opened: now } = await changes(opened);
        assert.deepEqual(extents, [{ start: gfnOf(startOf(slot)), end: gfnOf(endOf(slot)) }]);
        const flags = now.details.addressSpaces[0]?.memslots.find(({ id }) => id === slot.id)?.flags;
        assert.deepEqual(flags, ['log-dirty-pages']);
        await vmm().setDirtyLogging(slot.id, false);
    });

    it('keeps a state, and compares it with what came of it', async () => {
        const slot = vmm().memslot('anonymous');
        const opened = await open();
        const kept = await agent.request('keepMap', { map: opened.map });
        const compared = await agent.request('compareMaps', { before: kept.map, after: opened.map });
        assert.deepEqual([kept.origin, compared.origin, compared.comparedWith], ['kept', 'comparison', kept.takenAt]);
        const differing = (map: OpenedMap) =>
            agent.request('findRun', { map: map.map, generation: map.generation, layer: 'comparison', classes: [0, 1, 2, 3, 4, 5, 6, 7], gfn: 0, direction: 1 });
        assert.equal(await differing(compared), null);

        const touched = startOf(slot) + 12n * page;
        await vmm().changeHostMemory(touched, page, 'touch');
        assert.equal((await refresh(kept)).changed, false);
        assert.equal((await refresh(compared)).changed, false, 'nobody refreshed the living map');
        await changes(opened);
        const found = await changes(compared);
        assert.deepEqual(found.extents, [extentAt(touched)]);
        assert.deepEqual(await differing(found.opened), extentAt(touched));
        const { counts, run } = await agent.request('countPages', {
            ...{ map: compared.map, generation: found.opened.generation, layer: 'comparison' },
            extent: extentAt(touched),
        });
        assert.equal(counts[0]?.[1], 1);
        assert.notDeepEqual(run?.before?.states, run?.runs.states);
        await assert.rejects(agent.request('compareMaps', { before: compared.map, after: kept.map }), failsWith('usage'));
        await assert.rejects(agent.request('keepMap', { map: compared.map }), failsWith('usage'));
    });

    it('finds the runs of a class in both directions', async () => {
        const { map, generation } = await open();
        const { runs } = await told();
        for (const layer of Object.keys(names)) {
            const one = classIn(layer, runs[0] ?? assert.fail());
            const extents = runs.filter((run) => classIn(layer, run) === one).map((run) => extentAt(startOf(run), pagesOf(run).length));
            const find = (gfn: number, direction: 1 | -1) => agent.request('findRun', { map, generation, layer, classes: [one], gfn, direction });
            for (const { start } of extents) {
                for (const gfn of [start, start + 1]) {
                    assert.deepEqual(await find(gfn, 1), extents.find((extent) => extent.start >= gfn) ?? null);
                    assert.deepEqual(await find(gfn, -1), extents.findLast((extent) => extent.end <= gfn) ?? null);
                }
            }
        }
    });

    it('lists the runs as a table, by any order', async () => {
        const { map, generation } = await open();
        const { runs } = await told();
        const slot = vmm().memslot('dirty-logged');
        const list = async (filter: { memslot?: number; range?: { gpa: string; size: string } }, order: 'address' | 'size', descending: boolean) => {
            const all = { layer: 'dirty', classes: [0, 1, 2, 3], memslot: null, range: null };
            const rows: PageRun[] = [];
            for (let total = 1; rows.length < total; ) {
                const found = await agent.request('listRuns', {
                    ...{ map, generation, order, descending, filter: { ...all, ...filter } },
                    ...{ first: rows.length, most: 3 },
                });
                const columns = unpackPageRuns(found.runs);
                assert.ok(columns.count > 0 && columns.count <= 3);
                rows.push(...Array.from({ length: columns.count }, (_, i) => pageRunAt(columns, i)));
                total = found.total;
            }
            return rows;
        };
        assert.deepEqual(await list({}, 'address', false), runs);
        assert.deepEqual(await list({}, 'address', true), [...runs].reverse());
        const bySize = [...runs].sort((a, b) => Number(BigInt(b.size) - BigInt(a.size)));
        assert.deepEqual(await list({}, 'size', true), bySize);
        const ofSlot = runs.filter(({ memslot }) => memslot === slot.id);
        assert.deepEqual(await list({ memslot: slot.id }, 'address', false), ofSlot);
        assert.deepEqual(await list({ range: { gpa: slot.gpa, size: slot.size } }, 'address', false), ofSlot);
    });

    it('belongs to its connection, and ends when it is closed', async () => {
        const { map, generation } = await open();
        const asked = { map, generation, layer: 'state', extent: { start: 0, end: 1 } };
        const other = new AgentProcess();
        await assert.rejects(other.request('countPages', asked), failsWith('usage'));
        await other.end();
        await agent.request('countPages', asked);
        await agent.request('closeMap', { map });
        await assert.rejects(agent.request('countPages', asked), failsWith('usage'));
        await assert.rejects(agent.request('closeMap', { map }), failsWith('usage'));
    });

    it('is one of a bounded number', async () => {
        const { map } = await open();
        for (let maps = 2; maps <= 32; maps++) await agent.request('keepMap', { map });
        await assert.rejects(agent.request('keepMap', { map }), failsWith('unsupported'));
        await agent.request('closeMap', { map });
        assert.equal((await open()).origin, 'live');
    });

    it('refuses what is no request', async () => {
        const { map, generation } = await open();
        const known = { map, generation, layer: 'state' };
        const filter = { layer: 'state', classes: [0], memslot: null, range: null };
        const list = { map, generation, filter, order: 'address', descending: false, first: 0, most: 1 };
        const wrong: [string, unknown][] = [
            ['openMap', { vm: vmm().id, addressSpace: 9 }],
            ['refreshMap', { map }],
            ['refreshMap', { map: 'x', generation }],
            ['keepMap', { map: map + 1 }],
            ['compareMaps', { before: map }],
            ['tiles', { ...known, layer: 'toString', level: 0, tiles: [0] }],
            ['tiles', { ...known, level: 53, tiles: [0] }],
            ['tiles', { ...known, level: 0, tiles: [2 ** 40] }],
            ['tiles', { ...known, level: 0, tiles: [0.5] }],
            ['tiles', { ...known, level: 0, tiles: Array(65).fill(0) }],
            ['tiles', { ...known, level: 0, tiles: 0 }],
            ['countPages', { ...known, extent: { start: 1, end: 1 } }],
            ['countPages', { ...known, extent: { start: 0, end: 2 ** 52 + 1 } }],
            ['findRun', { ...known, classes: [255], gfn: 0, direction: 1 }],
            ['findRun', { ...known, classes: [0], gfn: -1, direction: 1 }],
            ['findRun', { ...known, classes: [0], gfn: 0, direction: 0 }],
            ['listRuns', { ...list, order: 'name' }],
            ['listRuns', { ...list, most: 1e9 }],
            ['listRuns', { ...list, filter: { ...filter, range: { gpa: '0x1', size: '0x1000' } } }],
        ];
        for (const [method, params] of wrong) await assert.rejects(agent.send(method, params), failsWith('usage'), method);
        assert.equal((await agent.request('countPages', { ...known, extent: { start: 0, end: 1 } })).counts.length, 1);
    });

    it('stays when its VM has ended', async () => {
        const other = await DemoVmm.start(['--rate', '0']);
        const opened = await agent.request('openMap', { vm: other.id, addressSpace: 0 });
        await other.stop();
        await assert.rejects(refresh(opened), failsWith('no-such-process'));
        const { map, generation } = opened;
        const extent = extentAt(startOf(other.memslot('memfd')));
        assert.equal((await agent.request('countPages', { map, generation, layer: 'state', extent })).counts.length, 1);
    });
});
