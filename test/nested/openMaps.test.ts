/** A map that an agent holds open of a VM with private memory: what a conversion changes in it. */
import assert from 'node:assert/strict';
import { findLayer } from '../../src/common/mapLayers';
import { tilePages } from '../../src/common/mapTiles';
import { page, startOf } from '../support/pages';
import { suiteAgent } from '../support/suiteAgent';
import { suiteVmm } from '../support/suiteVmm';
import { cellsOf } from '../support/tiles';

describe('an open page map of a VM with private memory', () => {
    const vmm = suiteVmm(['--rate', '0', '--type', 'sw-protected', '--gmem', '4M']);
    const agent = suiteAgent();

    const classNamed = (name: string) => findLayer('attribute')?.classes.findIndex((one) => one.name === name) ?? -1;
    const isPrivate = classNamed('Private');

    it('tells just the extents that were converted, and counts their pages in a cell of any size', async () => {
        const slot = vmm().memslot('guest_memfd', 2);
        // Two megabytes in which the guest has nothing mapped: elsewhere it would become a reason against a larger page.
        const converted = startOf(slot) + 576n * page;
        const extent = { start: Number(converted / page), end: Number(converted / page) + 3 };
        const opened = await agent().request('openMap', { vm: vmm().id, addressSpace: 0 });
        const { map } = opened;
        /** Private pages by level and cell, of the tiles that hold the memslot. */
        const privatePages = async (generation: number) => {
            const found: Record<string, number> = {};
            for (const level of [0, 2, 9, 30]) {
                const tiles = [Math.floor(extent.start / tilePages(level))];
                const answer = await agent().request('tiles', { map, generation, layer: 'attribute', level, tiles });
                for (const [cell, pages] of Object.entries(cellsOf(answer.tiles))) {
                    if (cell.endsWith(` ${isPrivate}`)) found[`${level}/${cell}`] = pages;
                }
            }
            return found;
        };
        const before = await privatePages(opened.generation);

        await agent().request('convert', { vm: vmm().id, range: { gpa: `0x${converted.toString(16)}`, size: '0x3000' }, to: 'private', dryRun: false });
        const refreshed = await agent().request('refreshMap', { map, generation: opened.generation });
        assert.ok(refreshed.changed, 'the refresh found no change');
        assert.deepEqual(refreshed.extents, [extent]);
        const after = await privatePages(refreshed.opened.generation);
        const expected = { ...before };
        for (const level of [0, 2, 9, 30]) {
            for (let gfn = extent.start; gfn < extent.end; gfn++) {
                const cell = `${level}/${Math.floor(gfn / 2 ** level)} ${isPrivate}`;
                expected[cell] = (expected[cell] ?? 0) + 1;
            }
        }
        assert.deepEqual(after, expected);

        const { counts } = await agent().request('countPages', { map, generation: refreshed.opened.generation, layer: 'attribute', extent });
        assert.deepEqual(counts, [[isPrivate, 3]]);
    });

    it('compares the states before and after a conversion', async () => {
        const slot = vmm().memslot('guest_memfd', 2);
        const gfn = Number(startOf(slot) / page) + 128;
        const opened = await agent().request('openMap', { vm: vmm().id, addressSpace: 0 });
        const kept = await agent().request('keepMap', { map: opened.map });
        await vmm().setAttribute(BigInt(gfn) * page, page, 'private');
        await agent().request('refreshMap', { map: opened.map, generation: opened.generation });
        const { map, generation } = await agent().request('compareMaps', { before: kept.map, after: opened.map });
        const becamePrivate = findLayer('comparison')?.classes.findIndex(({ name }) => name === 'Became private') ?? -1;
        const all = { map, generation, layer: 'comparison', extent: { start: 0, end: 2 ** 52 } };
        const { counts } = await agent().request('countPages', all);
        assert.equal(counts.find(([one]) => one === becamePrivate)?.[1], 1);
        const found = await agent().request('findRun', { map, generation, layer: 'comparison', classes: [becamePrivate], gfn: 0, direction: 1 });
        assert.deepEqual(found, { start: gfn, end: gfn + 1 });
        for (const one of [map, kept.map, opened.map]) await agent().request('closeMap', { map: one });
    });
});
