/** What the page map shows of a terabyte, read from its pixels: a single page is seen at every zoom, and nothing that is not there. */
import assert from 'node:assert/strict';
import { mapColors, type MapColorName } from '../../src/common/mapColors';
import { tilePages } from '../../src/common/mapTiles';
import type { Extent } from '../../src/common/openedMap';
import { encodePageDetail } from '../../src/common/pageState';
import { AgentProcess } from '../support/agentProcess';
import { gib, lonePage, oneSlot, segment, states, tib, type MadeMap, type Segment } from '../support/madeMaps';
import { MapHost, madeAgentFile } from '../support/mapHost';
import { MapPage, type MapPageOptions, type Place } from '../support/mapPage';
import { makeRandomIntegers } from '../support/random';

const lone = 777 * gib + 0x12345;


const oneStage = (stage: readonly Segment[], pages = tib): MadeMap => ({ slots: oneSlot(pages), stages: [stage] });

describe('the pixels of the page map', () => {
    const agent = new AgentProcess([madeAgentFile]);
    let host: MapHost;
    let map: MapPage;
    const open = async (made: MadeMap, options: MapPageOptions = {}) => {
        host = new MapHost(agent);
        map = await MapPage.open({ host, ...options });
        await host.show(await host.make(made));
        await map.settled();
    };
    const pixels = (color: MapColorName) => map.pixels(mapColors[color].defaults.dark);
    const chooseLayer = async (id: string) => {
        await map.page.getByLabel('Layer').selectOption(id);
        await map.settled();
    };
    const press = async (key: string) => {
        await map.page.locator('.map .scroller').press(key);
        await map.settled();
    };
    const goTo = async (text: string) => {
        await map.page.locator('.goTo input').fill(text);
        await map.page.locator('.goTo input').press('Enter');
        await map.settled();
    };
    /** The cells that have this colour, as their tooltips name them. */
    const cellsWith = async (color: MapColorName): Promise<Extent[]> => {
        const cells: Extent[] = [];
        const places = await pixels(color);
        for (const { x, y } of oneOfEach(places)) {
            await map.page.mouse.move(x, y);
            const title = (await map.page.locator('.tooltip .title').textContent()) ?? '';
            const [gpa = NaN, size = 4096] = title.split(' ')[0]?.split('+').map(Number) ?? [];
            const cell = { start: gpa / 4096, end: (gpa + size) / 4096 };
            if (!cells.some(({ start }) => start === cell.start)) cells.push(cell);
        }
        await map.page.mouse.move(0, 0);
        return cells;
    };
    afterEach(async () => {
        await map.close();
        await host.close();
    });
    after('end the agent', () => agent.end());

    for (const renderer of ['webgl', 'canvas'] as const) {
        for (const layout of ['rows', 'hilbert']) {
        it(`show one private page of a terabyte at every zoom, in ${layout}, by ${renderer}`, async () => {
            await open(oneStage(lonePage(tib, lone, states.sharedPresent, states.privatePrepared)), { renderer });
            await map.page.getByLabel('Layout').selectOption(layout);
            await map.settled();
            await map.page.locator('.legend button', { hasText: 'Private' }).click();
            await press('Home');
            await press('Control+ArrowRight');
            for (let level = 0; ; level++) {
                const [cell, ...others] = await cellsWith('private');
                assert.ok(cell !== undefined && others.length === 0, `it is in one cell at zoom ${level}`);
                assert.ok(cell.start <= lone && lone < cell.end, `it is in its own cell at zoom ${level}`);
                if (await map.page.getByRole('button', { name: 'Zoom in' }).isDisabled()) break;
                await press('+');
            }
            assert.ok((await pixels('private')).length > 50, 'the page is drawn as a whole cell');
        });
        }

        it(`show one double-backed page of a terabyte in its layer, by ${renderer}`, async () => {
            const stage = lonePage(tib, lone, states.sharedPresent, states.privateDouble, encodePageDetail({ guestUses: 'guest_memfd' }));
            await open(oneStage(stage), { renderer });
            assert.deepEqual(await pixels('guestMemfd'), []);
            await chooseLayer('doubleBacked');
            assert.ok((await pixels('doubleBacked')).length > 0, 'its stripes are seen');
            const [cell, ...others] = await cellsWith('guestMemfd');
            assert.ok(cell !== undefined && others.length === 0 && cell.start <= lone && lone < cell.end);
        });
    }

    it('show exactly the pages that were flipped between two maps', async () => {
        const random = makeRandomIntegers();
        const places = Array.from({ length: 6 }, (_, i) => (170 * i + random(160)) * gib + random(gib));
        const [flipped, flippedBack] = [places.slice(0, 3), places.slice(3)];
        const withPrivate = (gfns: readonly number[]) => {
            const stops = [...gfns, tib];
            return stops.flatMap((stop, i) => {
                const start = i === 0 ? 0 : (stops[i - 1] ?? 0) + 1;
                const shared = segment(start, stop - start, { pages: tib, state: states.sharedPresent });
                return stop === tib ? [shared] : [shared, segment(stop, 1, { pages: 1, state: states.privatePrepared })];
            });
        };
        await open(oneStage(withPrivate(flipped)));
        const before = await host.make(oneStage(withPrivate(flippedBack)));
        await host.show(await host.compare(before, await host.make(oneStage(withPrivate(flipped)))), { origin: 'comparison' });
        await map.settled();
        await chooseLayer('comparison');
        for (const [color, gfns] of [['private', flipped], ['shared', flippedBack]] as const) {
            const cells = await cellsWith(color);
            assert.deepEqual(cells.map((cell) => gfns.filter((gfn) => cell.start <= gfn && gfn < cell.end).length), [1, 1, 1], `${color}: each in a cell of its own, and no other cell`);
            for (const gfn of gfns) {
                await goTo(`0x${(gfn * 4096).toString(16)}+0x1000`);
                assert.deepEqual(await cellsWith(color), [{ start: gfn, end: gfn + 1 }]);
            }
            await map.page.getByRole('button', { name: 'Fit' }).click();
            await map.settled();
        }
    });

    it('change only where pages were converted, for which alone tiles are asked for again', async () => {
        const all = (state: number) => segment(0, tib, { pages: tib, state });
        const [start, end] = [lone, lone + 0x1000];
        const converted = [
            segment(0, start, { pages: tib, state: states.sharedPresent }),
            segment(start, end - start, { pages: tib, state: states.privatePrepared }),
            segment(end, tib - end, { pages: tib, state: states.sharedPresent }),
        ];
        await open({ slots: oneSlot(tib), stages: [[all(states.sharedPresent)], converted] }, { viewport: { width: 1600, height: 1000 } });
        const range = { gpa: `0x${(start * 4096).toString(16)}`, size: '0x1000000' };
        await goTo(`${range.gpa}+${range.size}`);
        await map.page.getByRole('button', { name: 'Convert to Private' }).click();
        assert.deepEqual(await map.request('act'), { type: 'act', action: 'convertToPrivate', range });
        await map.page.getByRole('button', { name: 'Fit' }).click();
        await map.settled();
        const tilesOf = (requests: typeof host.requests) =>
            requests.flatMap((request) => (request.type === 'tiles' ? request.tiles.map((tile) => ({ level: request.level, tile })) : []));
        const isConverted = ({ level, tile }: { level: number; tile: number }) => start < (tile + 1) * tilePages(level) && end > tile * tilePages(level);
        assert.ok(tilesOf(host.requests).some((tile) => !isConverted(tile)), 'tiles of other pages are in sight');
        const before = await map.picture();

        const asked = host.requests.length;
        await host.refresh();
        await map.settled();
        const again = tilesOf(host.requests.slice(asked));
        assert.ok(again.length > 0);
        assert.deepEqual(again.filter((tile) => !isConverted(tile)), []);
        const [cell, ...others] = await cellsWith('private');
        assert.ok(cell !== undefined && others.length === 0 && cell.start <= start && end <= cell.end);
        const changed = new Set((await map.differences(await map.picture(), before)).map(({ x, y }) => `${x} ${y}`));
        for (const { x, y } of await pixels('private')) changed.delete(`${x} ${y}`);
        assert.equal(changed.size, 0, 'nothing but the private part of its cell is drawn otherwise');
    });
});

/** One of the places that touch each other, for each group of them. */
function oneOfEach(places: readonly Place[]): Place[] {
    const left = new Set(places.map(({ x, y }) => `${x} ${y}`));
    const found: Place[] = [];
    for (const place of places) {
        if (!left.has(`${place.x} ${place.y}`)) continue;
        found.push(place);
        for (const near = [place]; ; ) {
            const next = near.pop();
            if (next === undefined) break;
            if (!left.delete(`${next.x} ${next.y}`)) continue;
            for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) near.push({ x: next.x + dx, y: next.y + dy });
        }
    }
    return found;
}
