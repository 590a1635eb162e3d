/** The page map drawn by WebGL and by a canvas: the same pixels, and the second takes over when the first is lost. */
import assert from 'node:assert/strict';
import { mapColors } from '../../src/common/mapColors';
import { AgentProcess } from '../support/agentProcess';
import { gib, oneSlot, segment, states } from '../support/madeMaps';
import { madeAgentFile, MapHost } from '../support/mapHost';
import { MapPage } from '../support/mapPage';

const pages = 64 * gib;
/** Runs of all states, so long that some cells are of one of them and others are divided. */
const mixed = segment(0, pages, ...Object.values(states).map((state, i) => ({ pages: 10_007 * (i + 1), state })));

describe('the renderers of the page map', () => {
    const agent = new AgentProcess([madeAgentFile]);
    let host: MapHost;
    let map: MapPage;

    beforeEach(async () => {
        host = new MapHost(agent);
        map = await MapPage.open({ host, renderer: 'webgl', deviceScaleFactor: 1.5 });
        await host.show(await host.make({ slots: oneSlot(pages), stages: [[mixed]] }));
        await map.settled();
    });
    afterEach(async () => {
        await map.close();
        await host.close();
    });
    after('end the agent', () => agent.end());

    const loseContext = () =>
        map.page.evaluate(async () => {
            const canvas = document.querySelector<HTMLCanvasElement>('canvas.pages');
            const context = canvas?.getContext('webgl2')?.getExtension('WEBGL_lose_context');
            if (!canvas || !context) throw new Error('the map is not drawn by WebGL');
            const lost = new Promise((resolve) => canvas.addEventListener('webglcontextlost', resolve));
            context.loseContext();
            await lost;
        });

    for (const layout of ['rows', 'hilbert']) {
        it(`draw the same in ${layout}, and the canvas takes over from a lost WebGL`, async () => {
            await map.page.getByLabel('Layout').selectOption(layout);
            await map.page.locator('.map .scroller').press('+');
            await map.settled();
            const byWebgl = await map.picture();
            await loseContext();
            await map.settled();
            assert.ok(await map.page.locator('canvas.pages').evaluate((canvas) => (canvas as HTMLCanvasElement).getContext('2d') !== null));
            assert.deepEqual(await map.differences(await map.picture(), byWebgl), []);
            assert.ok((await map.pixels(mapColors.private.defaults.dark)).length > 1000);
        });
    }
});
