/**
 * How long the page map takes to draw a frame of the worst maps, in a headless Chromium that draws in software: all of
 * 64 GiB in sight, each run one page. The time is that of the script, all pixels of the map included.
 */
import { PageRunsBuilder } from '../src/common/pageRuns';
import { makeMap, states, type MadeMap } from '../test/support/madeMaps';
import { MapPage } from '../test/support/mapPage';
import { report } from './stopwatch';

const gib = 2 ** 18;
const frames = 30;
/** A frame at 60 Hz, in milliseconds. */
const aim = 16;

/** 2 million runs: the first 8 GiB alternate page by page, the rest is shared. */
function alternating(): MadeMap {
    const builder = new PageRunsBuilder();
    for (let gfn = 0; gfn < 8 * gib; gfn++) builder.append(gfn, 1, 0, gfn % 2 === 0 ? states.sharedPresent : states.privatePrepared);
    builder.append(8 * gib, 56 * gib, 0, states.sharedAbsent);
    return makeMap([{ id: 0, start: 0, pages: 64 * gib }], builder.build());
}

/** Every cell in sight holds several states: runs of five kinds, of 1 to 1,000 pages. */
function mixed(): MadeMap {
    const kinds = [states.privatePrepared, states.sharedPresent, states.privateAbsent, states.privateDouble, states.sharedAbsent];
    const builder = new PageRunsBuilder();
    for (let gfn = 0, run = 0; gfn < 64 * gib; run++) {
        const pages = Math.min(64 * gib - gfn, 1 + ((run * 7919) % 1000));
        builder.append(gfn, pages, 0, kinds[run % kinds.length] ?? 0);
        gfn += pages;
    }
    return makeMap([{ id: 0, start: 0, pages: 64 * gib }], builder.build());
}

/** The fastest frame of many, each of which draws everything. */
async function fastestFrame(map: MapPage): Promise<number> {
    return map.page.evaluate(async (count) => {
        const next = window.requestAnimationFrame.bind(window);
        let best = Infinity;
        window.requestAnimationFrame = (callback) =>
            next((time) => {
                const begin = performance.now();
                callback(time);
                best = Math.min(best, performance.now() - begin);
            });
        const toggle = document.querySelector<HTMLElement>('.legend button');
        for (let i = 0; i < count; i++) {
            toggle?.click();
            await new Promise((resolve) => next(() => setTimeout(resolve)));
        }
        window.requestAnimationFrame = next;
        return best;
    }, frames);
}

async function measure(what: string, event: MadeMap): Promise<void> {
    const map = await MapPage.open({ viewport: { width: 1920, height: 1080 } });
    try {
        await map.send(event);
        report(`frame, 64 GiB, ${event.runs.count.toLocaleString('en')} runs, ${what}`, await fastestFrame(map), aim);
    } finally {
        await map.close();
    }
}

await measure('alternating', alternating());
await measure('mixed', mixed());
