/**
 * The page map of a terabyte in headless Chromium, which draws in software, on maps that no VM here has. Between it and an
 * agent, which is a process of its own, this process stands where the extension host does. Frames are measured beside an
 * empty canvas of the same size in the same browser.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serialize } from 'node:v8';
import { readTiles } from '../src/extension/map/mapAnswers';
import { AgentProcess } from '../test/support/agentProcess';
import { gib, oneSlot, segment, states, tib, type MadeMap, type Pattern, type Segment } from '../test/support/madeMaps';
import { MapHost, madeAgentFile } from '../test/support/mapHost';
import { MapPage } from '../test/support/mapPage';
import { report } from './stopwatch';

const viewport = { width: 1920, height: 1080 };
/** Milliseconds, but for the memory. */
const aims = { picture: 1500, frame: 16, frameBesideEmpty: 8, refresh: 100, block: 50, mebibytes: 300 };

const [shared, mine, absent] = [states.sharedPresent, states.privatePrepared, states.privateAbsent];
const alternating: Pattern = [
    { pages: 1, state: shared },
    { pages: 1, state: mine },
];
/** 269 pages each on average, so that a terabyte has a million of them. */
const mixed: Pattern = [shared, mine, absent, states.privateDouble, states.sharedAbsent, shared, mine].map((state, i) => ({ pages: [17, 513, 3, 700, 64, 1, 585][i] ?? 1, state }));

/** So many that, zoomed in, some of what changes is in sight. */
const pieces = 200;

/** Pieces, each filled by its pattern; after the refresh the last hundredth of each is private and absent, all else is as before. */
function made(pages: number, patternOf: (piece: number) => Pattern): MadeMap {
    const size = Math.floor(pages / pieces);
    const changing = Math.floor(size / 100);
    const stage = (isChanged: boolean): Segment[] =>
        Array.from({ length: pieces }, (_, i) => [
            segment(i * size, size - changing, ...patternOf(i)),
            segment((i + 1) * size - changing, changing, ...(isChanged ? [{ pages: changing, state: absent }] : patternOf(i))),
        ]).flat();
    return { slots: oneSlot(pieces * size), stages: [stage(false), stage(true)] };
}

const maps: Record<string, MadeMap> = {
    '1 TiB, 10 runs': made(tib, (piece) => [{ pages: tib, state: Math.floor((piece * 10) / pieces) % 2 === 0 ? shared : mine }]),
    '1 TiB, a million runs': made(tib, () => mixed),
    '64 GiB, alternating pages': made(64 * gib, () => alternating),
};

/** Of times in milliseconds. */
const percentile = (times: readonly number[], part: number): number => [...times].sort((a, b) => a - b)[Math.floor(times.length * part)] ?? NaN;

interface Frames {
    /** From each frame to the next. */
    readonly intervals: number[];
    /** The script of each. */
    readonly scripts: number[];
}

/** Pans or zooms for some seconds, and measures all frames but those of the first second. */
function move(map: MapPage, by: 'panning' | 'zooming'): Promise<Frames> {
    return map.page.evaluate(async (how) => {
        const next = window.requestAnimationFrame.bind(window);
        let script = 0;
        window.requestAnimationFrame = (callback) =>
            next((time) => {
                const begin = performance.now();
                callback(time);
                script += performance.now() - begin;
            });
        const intervals: number[] = [];
        const scripts: number[] = [];
        const scroller = document.querySelector<HTMLElement>('.map .scroller');
        const box = scroller?.getBoundingClientRect();
        const begin = performance.now();
        let last = begin;
        for (let frame = 0; last < begin + 4000; frame++) {
            script = 0;
            if (how === 'panning' && scroller !== null) scroller.scrollTop += Math.floor(frame / 60) % 2 === 0 ? 23 : -23;
            // A click of the wheel every 8 frames: eight of them in, then eight out.
            if (how === 'zooming' && frame % 8 === 0) {
                const deltaY = Math.floor(frame / 64) % 2 === 0 ? -100 : 100;
                const at = { clientX: (box?.x ?? 0) + 500, clientY: (box?.y ?? 0) + 400 };
                scroller?.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, ctrlKey: true, deltaY, ...at }));
            }
            const now = await new Promise<number>((resolve) => next(() => setTimeout(() => resolve(performance.now()))));
            if (now > begin + 1000) {
                intervals.push(now - last);
                scripts.push(script);
            }
            last = now;
        }
        window.requestAnimationFrame = next;
        return { intervals, scripts };
    }, by);
}

/** Frames of a canvas as large as the map's, that is filled with one colour. */
function emptyCanvas(map: MapPage): Promise<number[]> {
    return map.page.evaluate(async () => {
        const pages = document.querySelector<HTMLCanvasElement>('canvas.pages');
        const canvas = document.createElement('canvas');
        canvas.width = pages?.width ?? 0;
        canvas.height = pages?.height ?? 0;
        canvas.style.cssText = 'position: fixed; inset: 0; z-index: 9';
        document.body.append(canvas);
        const context = canvas.getContext('2d');
        const intervals: number[] = [];
        let last = performance.now();
        for (let frame = 0; frame < 120; frame++) {
            if (context !== null) {
                context.fillStyle = frame % 2 === 0 ? '#000000' : '#010101';
                context.fillRect(0, 0, canvas.width, canvas.height);
            }
            const now = await new Promise<number>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()))));
            intervals.push(now - last);
            last = now;
        }
        canvas.remove();
        return intervals;
    });
}

/** What the page's process takes, without the garbage that this bench's way to the page leaves there. */
async function mebibytesOf(map: MapPage): Promise<number> {
    const session = await map.page.context().newCDPSession(map.page);
    await session.send('HeapProfiler.collectGarbage');
    await session.detach();
    const sizes = (await map.processes('renderer')).map((pid) => Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]));
    // The largest: Chromium keeps others ready for the pages to come.
    return Math.max(...sizes) / 1024;
}

/** When what happened in the page, in milliseconds of the wall clock. */
interface Refreshed {
    /** The map came and asked for tiles. */
    asked: number;
    /** The last of them came. */
    tiles: number;
    /** The last frame that drew anything had ended. */
    drawn: number;
}

/** Tells for a refresh when what happened in the page. */
async function refresh(map: MapPage, host: MapHost): Promise<Refreshed & { begun: number }> {
    await map.page.evaluate(() => {
        const now = () => performance.timeOrigin + performance.now();
        const page = window as unknown as Window & { times: Refreshed; receive: (request: { readonly type: string }) => void };
        const times = { asked: 0, tiles: 0, drawn: 0 };
        page.times = times;
        window.addEventListener('message', ({ data }: MessageEvent<{ readonly type: string }>) => {
            if (data.type === 'tiles') times.tiles = now();
        });
        const receive = page.receive.bind(page);
        page.receive = (request) => {
            if (request.type === 'tiles') times.asked ||= now();
            receive(request);
        };
        const next = window.requestAnimationFrame.bind(window);
        window.requestAnimationFrame = (callback) =>
            next((time) => {
                callback(time);
                times.drawn = now();
            });
    });
    const begun = performance.timeOrigin + performance.now();
    await host.refresh();
    await map.settled();
    return { begun, ...(await map.page.evaluate(() => (window as unknown as { times: Refreshed }).times)) };
}

/** Asks for all tiles once more as the extension host does: what comes is unpacked and copied for the window's process. */
async function longestBlock(host: MapHost, agent: AgentProcess): Promise<number> {
    const { map } = host;
    if (map === undefined) throw new Error('no map is shown');
    const requests = host.requests.filter((request) => request.type === 'tiles').map((request) => ({ ...request, generation: map.generation }));
    const delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
    for (const request of requests) serialize(await readTiles({ agent, opened: map }, request));
    delays.disable();
    return delays.max / 1e6;
}

/** Shows the parts of a refresh. */
const partsOf = ({ begun, asked, tiles, drawn }: Refreshed & { begun: number }): string =>
    [
        ['until the map is there and asks for tiles', asked - begun],
        ['until they are there', tiles - asked],
        ['until they are drawn', drawn - tiles],
    ].map(([what, milliseconds]) => `${what} ${Number(milliseconds).toFixed(0)} ms`).join(', ');

async function timed(run: () => Promise<void>): Promise<number> {
    const begin = performance.now();
    await run();
    return performance.now() - begin;
}

async function measure(name: string, map: MadeMap, renderer: 'canvas' | 'webgl'): Promise<void> {
    const agent = new AgentProcess([madeAgentFile]);
    const host = new MapHost(agent);
    const page = await MapPage.open({ host, viewport, renderer });
    const tell = (what: string, milliseconds: number, aim?: number, peers?: Record<string, number>) =>
        report(`${name}, ${renderer}: ${what}`, milliseconds, aim, peers);
    try {
        const mebibytesBefore = await mebibytesOf(page);
        const empty = percentile(await emptyCanvas(page), 0.95);
        const opened = await host.make(map);
        const first = await timed(async () => {
            await host.show(opened);
            await page.settled();
        });
        tell('first full picture', first, aims.picture);
        // Where there is room to scroll.
        for (let level = 0; level < 4; level++) await page.page.locator('.map .scroller').press('+');
        await page.settled();
        for (const by of ['panning', 'zooming'] as const) {
            const { intervals, scripts } = await move(page, by);
            const aim = Math.round(Math.max(aims.frame, empty + aims.frameBesideEmpty));
            tell(`p95 of the time between frames, ${by}`, percentile(intervals, 0.95), aim, { 'an empty canvas': empty });
            tell(`p95 of the script in a frame, ${by}`, percentile(scripts, 0.95));
        }
        await page.settled();
        const refreshed = await refresh(page, host);
        tell('refresh with 1 % changed', refreshed.drawn - refreshed.begun, aims.refresh);
        console.log(`    ${partsOf(refreshed)}`);
        tell("longest block of the host's event loop", await longestBlock(host, agent), aims.block);
        const mebibytes = await mebibytesOf(page);
        const verdict = mebibytes <= aims.mebibytes ? 'met' : 'MISSED';
        console.log(`${name}, ${renderer}: memory of the page ${mebibytes.toFixed(0)} MiB, aim ${aims.mebibytes} ${verdict}; before a map was shown ${mebibytesBefore.toFixed(0)} MiB`);
    } finally {
        await page.close();
        await agent.end();
    }
}

for (const [name, map] of Object.entries(maps)) {
    for (const renderer of ['canvas', 'webgl'] as const) await measure(name, map, renderer);
}
