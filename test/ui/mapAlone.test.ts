/** The page map's drawing and its controls, with maps made for the purpose: real pixels, real keys, a pretended host. */
import assert from 'node:assert/strict';
import { loggedOnly } from '../../src/common/factWords';
import { mapColors } from '../../src/common/mapColors';
import type { Attribute } from '../../src/common/model';
import { pageRunAt } from '../../src/common/pageRuns';
import type { ShownMap } from '../../src/common/mapMessages';
import { AgentProcess } from '../support/agentProcess';
import { buildRuns, gib, lonePage, noTotals, oneSlot, states, type MadeMap } from '../support/madeMaps';
import { MapHost, madeAgentFile } from '../support/mapHost';
import { MapPage, type MapPageOptions } from '../support/mapPage';

/** The one private page of 64 GiB. */
const lone = 37 * gib + 0x1234;
const loneGpa = '0x' + (lone * 4096).toString(16);
const loneMap = (state: number = states.privatePrepared): MadeMap => ({
    slots: oneSlot(64 * gib),
    stages: [lonePage(64 * gib, lone, states.sharedPresent, state)],
});

/** 16 pages, the second half private. */
const smallMap: MadeMap = {
    slots: [{ id: 3, start: 0x100, pages: 16 }],
    stages: [
        [states.sharedPresent, states.privatePrepared].map((state, i) => ({
            start: 0x100 + 8 * i,
            pages: 8,
            memslot: 3,
            pattern: [{ pages: 8, state }],
        })),
    ],
};

describe('the page map alone', () => {
    const agent = new AgentProcess([madeAgentFile]);
    let host: MapHost;
    let map: MapPage;
    const open = async (options: MapPageOptions = {}) => {
        host = new MapHost(agent);
        map = await MapPage.open({ host, ...options });
    };
    const show = async (made: MadeMap, frame: Partial<ShownMap> = {}) => {
        await host.show(await host.make(made), frame);
        await map.settled();
    };
    const press = async (...keys: string[]) => {
        for (const key of keys) {
            await map.page.locator('.map .scroller').press(key);
            await map.settled();
        }
    };
    const selected = () => map.page.locator('.selected strong').textContent();
    afterEach(async () => {
        await map.close();
        await host.close();
    });
    after('end the agent', () => agent.end());

    for (const ratio of [1, 1.5, 2]) {
        it(`shows one private page of 64 GiB while the whole guest is in sight, at ${ratio} device pixels per pixel`, async () => {
            await open({ deviceScaleFactor: ratio });
            await show(loneMap(states.sharedPresent));
            assert.deepEqual(await map.pixels(mapColors.private.defaults.dark), []);
            await show(loneMap());
            const places = await map.pixels(mapColors.private.defaults.dark);
            assert.ok(places.length >= 20, `${places.length} private pixels`);

            const [place] = places;
            assert(place !== undefined);
            await map.page.mouse.move(place.x, place.y);
            await map.settled();
            const tooltip = map.page.locator('.tooltip');
            const [gpa, size] = ((await tooltip.locator('.title').textContent()) ?? '').split(' ')[0]?.split('+').map(Number) ?? [];
            assert.ok(gpa !== undefined && size !== undefined && gpa <= lone * 4096 && lone * 4096 < gpa + size, 'the tooltip is about its cell');
            assert.deepEqual(await tooltip.locator('dt').allTextContents(), ['Memory slot', 'Private', 'Shared']);
            assert.equal(await tooltip.locator('dd').nth(1).textContent(), '4 KiB');
            const canvas = await map.page.locator('canvas.pages').evaluate((element) => {
                const { width, clientWidth } = element as HTMLCanvasElement;
                return width / clientWidth;
            });
            assert.ok(Math.abs(canvas - ratio) < 0.01, 'a canvas pixel is a device pixel');
        });
    }

    it('leads to the highlighted page by keyboard, and says all of it', async () => {
        await open();
        await show(loneMap());
        await map.page.locator('.legend button', { hasText: 'Private' }).click();
        await press('ArrowRight', 'Control+ArrowRight');
        const spoken = map.page.locator('.spoken');
        await spoken.filter({ hasText: 'Private 4 KiB' }).waitFor({ state: 'attached' });
        for (let level = 0; level < 20; level++) await press('+');
        await press('Enter');
        assert.equal(await map.page.locator('.tooltip .title').textContent(), loneGpa);
        assert.deepEqual(await map.question('explain'), { type: 'explain', gpa: loneGpa });
    });

    it('adds what the agent says of the address, and what has changed since', async () => {
        await open();
        const run = pageRunAt(buildRuns(smallMap.stages[0] ?? []), 0);
        let attribute: Attribute = 'shared';
        host.explain = (gpa) => ({
            vm: '1:2',
            addressSpace: 0,
            gpa,
            memslot: null,
            kind: 'memory',
            hva: '0x7f0000001000',
            guestMemfd: { inode: 12, fd: 5, offset: '0x3000' },
            run: { ...run, attribute },
            doubleBacked: false,
            unknown: [],
        });
        await show(smallMap);
        await press('ArrowRight', 'Enter');
        const tooltip = map.page.locator('.tooltip');
        await tooltip.filter({ hasText: /HVA0x7f0000001000guest_memfdfd 5, offset 0x3000$/ }).waitFor();
        attribute = 'private';
        await press('ArrowRight', 'Enter');
        await tooltip.filter({ hasText: /^0x101000.*Changed sinceprivate/ }).waitFor();
    });

    it('selects by keyboard and by dragging, in whole pages, and asks the host for what its buttons say', async () => {
        await open();
        await show(smallMap);
        await press('ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight');
        assert.equal(await selected(), '0x100000+0x3000');
        await map.page.getByRole('button', { name: 'Convert to Private' }).click();
        assert.deepEqual(await map.request('act'), { type: 'act', action: 'convertToPrivate', range: { gpa: '0x100000', size: '0x3000' } });
        await map.page.getByRole('button', { name: 'Read Memory' }).click();
        assert.deepEqual(await map.request('act'), { type: 'act', action: 'readMemory', range: { gpa: '0x100000', size: '0x3000' } });
        await press('Control+c');
        assert.equal((await map.request('copy')).text, '0x100000+0x3000');
        await press('Escape');
        assert.equal(await map.page.locator('.selected strong').count(), 0);

        const blue = await map.pixels(mapColors.shared.defaults.dark);
        const orange = await map.pixels(mapColors.private.defaults.dark);
        const [from, to] = [blue[0], orange.at(-1)];
        assert(from !== undefined && to !== undefined);
        await map.page.mouse.move(from.x, from.y);
        await map.page.mouse.down();
        await map.page.mouse.move(to.x, to.y, { steps: 5 });
        await map.page.mouse.up();
        await map.settled();
        assert.equal(await selected(), '0x100000+0x10000');
        assert.deepEqual(await map.page.locator('.selected .part').allTextContents(), ['64 KiB, 16 pages', 'Private 32 KiB', 'Shared 32 KiB']);
        await map.page.mouse.dblclick(to.x, to.y);
        await map.page.locator('.selected strong', { hasText: '0x108000+0x8000' }).waitFor();
    });

    it('says why nothing can be converted', async () => {
        await open();
        await show(smallMap, { convertRefusal: 'This VM has no private memory.' });
        await press('ArrowRight', 'Shift+ArrowRight');
        assert.ok(await map.page.getByRole('button', { name: 'Convert to Private' }).isDisabled());
        assert.ok(await map.page.getByText('No conversion: This VM has no private memory.').isVisible());
        assert.ok(await map.page.getByRole('button', { name: 'Read Memory' }).isEnabled());
    });

    it('goes to what is typed, or says what is wrong with it', async () => {
        await open();
        await show(loneMap());
        const input = map.page.locator('.goTo input');
        await input.fill('0xffffffffff000');
        await input.press('Enter');
        assert.equal(await map.page.getByRole('alert').textContent(), 'There is no memslot at 0xffffffffff000; the one before ends at 0x1000000000.');
        await input.fill(`${loneGpa}+0x1000`);
        await input.press('Enter');
        await map.settled();
        assert.equal(await selected(), `${loneGpa}+0x1000`);
        assert.ok((await map.pixels(mapColors.private.defaults.dark)).length > 50, 'the page is drawn as a whole cell');
    });

    it('says why it does not go where a hover led', async () => {
        await open();
        await show(loneMap());
        await map.send({ type: 'goTo', range: { gpa: '0xffffffffff000', size: '0x1000' } });
        assert.equal(await map.page.getByRole('alert').textContent(), 'There is no memslot at 0xffffffffff000; the one before ends at 0x1000000000.');
        assert.equal(await map.page.locator('.goTo input').inputValue(), '0xffffffffff000+0x1000');
        await map.send({ type: 'goTo', range: { gpa: loneGpa, size: '0x1000' } });
        await map.settled();
        assert.equal(await map.page.getByRole('alert').count(), 0);
        assert.equal(await selected(), `${loneGpa}+0x1000`);
    });

    it('keeps its view through a refresh and a reload', async () => {
        await open();
        await show(loneMap());
        await map.page.locator('.goTo input').fill(`${loneGpa}+0x1000`);
        await map.page.locator('.goTo input').press('Enter');
        await map.request('select');
        await map.settled();
        const before = await map.pixels(mapColors.private.defaults.dark);
        await show(loneMap());
        assert.deepEqual(await map.pixels(mapColors.private.defaults.dark), before);
        const saved = await map.saved();
        await map.close();

        await open({ saved });
        await show(loneMap());
        assert.equal(await selected(), `${loneGpa}+0x1000`);
        assert.ok((await map.pixels(mapColors.private.defaults.dark)).length > 50);
    });

    it('follows the theme', async () => {
        await open();
        await show(smallMap);
        const dark = await map.pixels(mapColors.private.defaults.dark);
        await map.setTheme('light');
        assert.deepEqual(await map.pixels(mapColors.private.defaults.light), dark);
    });

    it('tells totals, doubts and what is not known', async () => {
        await open();
        const unknown = [
            { field: 'guestMapping', reason: 'the MMU is not read' },
            { field: 'dirty', reason: `${loggedOnly} which is not so for memslot 3` },
        ];
        await show(smallMap, { consistent: false, unknown, totals: { ...noTotals, private: '0x8000', shared: '0x8000' } });
        const status = map.page.locator('.status');
        assert.match((await status.locator('.totals').textContent()) ?? '', /^private 32 KiBshared 32 KiBdouble-backed 0 B.*inconsistent$/);
        await status.getByText('One fact is unknown').click();
        assert.ok(await status.getByText('the MMU is not read').isVisible());
        assert.deepEqual(await status.locator('.unknown dt').allTextContents(), ['guest mapping']);
    });

    it('says that its map is old, what can be done, and does nothing else with it', async () => {
        await open();
        await show(smallMap);
        await press('ArrowRight', 'Shift+ArrowRight');
        await map.send({ type: 'stale', message: 'The VM 1:2 ended.', remedies: ['Select Another', 'Close the Map'] });
        await map.settled();
        assert.ok(await map.page.getByText('The VM 1:2 ended.').isVisible());
        for (const name of ['Convert to Private', 'Convert to Shared', 'Read Memory']) {
            assert.ok(await map.page.getByRole('button', { name }).isDisabled(), name);
        }
        await map.page.getByRole('button', { name: 'Select Another' }).click();
        assert.deepEqual(await map.request('remedy'), { type: 'remedy', label: 'Select Another' });
        await show(smallMap);
        assert.ok(await map.page.getByText('The VM 1:2 ended.').isHidden());
    });

    it('says when there is nothing to show', async () => {
        await open();
        await show({ slots: [], stages: [[]] });
        assert.ok(await map.page.getByText('This address space has no memslots').isVisible());
    });
});
