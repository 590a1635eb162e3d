/** The timeline below the page map, with a recording and maps that are made up: what it shows, and which time the map shows. */
import assert from 'node:assert/strict';
import { eventGroups } from '../../src/common/eventGroups';
import { mapColors } from '../../src/common/mapColors';
import type { ShownRecording } from '../../src/common/timelineMessages';
import { AgentProcess } from '../support/agentProcess';
import { lonePage, oneSlot, states } from '../support/madeMaps';
import { RecordedHost, type MadeEvent } from '../support/recordedHost';
import { MapHost, madeAgentFile } from '../support/mapHost';
import { MapPage, type Place } from '../support/mapPage';

const second = 1e6;
const begin = Date.UTC(2026, 4, 6, 7, 4, 0) * 1000;
const pages = 2 ** 16;
/** The private page of the map is here: in the first half of the recording, in the second half, and now. */
const pageOfFirst = 5;
const pageOfSecond = 30_000;
const pageOfNow = 60_000;
const length = 60 * second;

const lane = (name: string): number => {
    const index = eventGroups.findIndex((group) => group.name === name);
    assert.ok(index >= 0);
    return index;
};
const events: readonly MadeEvent[] = [
    { time: begin + 15 * second, group: lane('Conversions') },
    { time: begin + 15 * second, group: lane('Failed calls') },
    ...Array.from({ length: 7 }, () => ({ time: begin + 45 * second, group: lane('Faults, mappings') })),
];
const recorded: ShownRecording = { state: 'recording', since: begin, now: begin + length, missing: [], events: 9, lost: 0, losses: [], givenUp: 0, oldest: begin };

describe('the timeline of the page map', () => {
    const agent = new AgentProcess([madeAgentFile]);
    let host: MapHost;
    let map: MapPage;
    let made: RecordedHost;

    beforeEach(async () => {
        host = new MapHost(agent);
        // Whoever reads a clock knows its zone.
        map = await MapPage.open({ host, timezoneId: 'UTC' });
        const withPrivate = (gfn: number) => host.make({ slots: oneSlot(pages), stages: [lonePage(pages, gfn, states.sharedPresent, states.privatePrepared)] });
        const [first, last, now] = [await withPrivate(pageOfFirst), await withPrivate(pageOfSecond), await withPrivate(pageOfNow)];
        made = new RecordedHost(host, now, (time) => (time < begin + length / 2 ? first : last), recorded, events);
        await host.show(now);
        await map.settled();
    });
    afterEach(async () => {
        await map.close();
        await host.close();
    });
    after('end the agent', () => agent.end());

    const plot = () => map.page.locator('.timeline .plot');
    const slider = () => map.page.getByRole('slider', { name: 'Time that the map shows' });
    const banner = () => map.page.getByRole('status').filter({ hasText: 'As it was at' });
    const back = () => map.page.getByRole('button', { name: 'Return to Now (Esc)' });
    const showing = async (recording: Partial<ShownRecording> = {}) => {
        await made.show(recording);
        await map.settled();
    };
    /** Where a time is on the strip while all of the recording is in sight; `row` of the groups. */
    const placeOf = async (time: number, row = 0): Promise<Place> => {
        const box = await plot().boundingBox();
        assert(box !== null);
        return { x: box.x + (box.width * (time - begin)) / length, y: box.y + 10 * row + 5 };
    };
    const press = async (...keys: string[]) => {
        for (const key of keys) {
            await slider().press(key);
            await map.settled();
        }
    };
    /** To the middle of these seconds of the recording, since a place is a whole pixel; the button stays down. */
    const dragTo = async (...seconds: number[]) => {
        for (const at of seconds) {
            const { x, y } = await placeOf(begin + (at + 0.5) * second);
            await map.page.mouse.move(x, y);
            if (at === seconds[0]) await map.page.mouse.down();
        }
    };
    /** The private page that the map shows: one of those above. */
    const shownPage = async () => {
        const [place] = await map.pixels(mapColors.private.defaults.dark);
        assert(place !== undefined);
        await map.page.mouse.move(place.x, place.y);
        const title = (await map.page.locator('.map .tooltip .title').textContent()) ?? '';
        await map.page.mouse.move(0, 0);
        const [gpa = NaN, size = 4096] = title.split(' ')[0]?.split('+').map(Number) ?? [];
        return [pageOfFirst, pageOfSecond, pageOfNow].find((gfn) => gpa <= gfn * 4096 && gfn * 4096 < gpa + size);
    };
    const pressButton = async (name: string) => {
        await map.page.getByRole('button', { name, exact: true }).click();
        await map.settled();
        return made.requests.at(-1)?.type;
    };

    it('is not there before something was recorded, nor in a comparison or for a file', async () => {
        assert.equal(await plot().isVisible(), false);
        assert.equal(await map.page.getByRole('button', { name: 'Record', exact: true }).isVisible(), false);
        await showing();
        assert.equal(await plot().isVisible(), true);
        for (const origin of ['comparison', 'file'] as const) {
            await host.show(made.now, { origin });
            await map.settled();
            assert.equal(await plot().isVisible(), false, origin);
            assert.equal(await map.page.getByRole('button', { name: 'Events' }).isVisible(), false, origin);
        }
        await host.show(made.now);
        await map.settled();
        assert.equal(await plot().isVisible(), true);
    });

    it('begins and ends a recording, and leads to its events', async () => {
        await host.send({ type: 'recording', recording: null, offered: true });
        assert.equal(await pressButton('Record'), 'startRecording');
        await showing();
        assert.equal(await pressButton('Stop Recording'), 'stopRecording');
        await showing({ state: 'stopped' });
        assert.equal(await pressButton('Record'), 'startRecording');
        assert.equal(await pressButton('Events'), 'showEvents');
    });

    it('tells when how much of what happened, a row for each kind, and where events were lost', async () => {
        const losses = [20, 30].map((at) => ({ from: begin + at * second, to: begin + at * second + 20_000, events: at }));
        await showing({ lost: 50, losses, missing: [{ kinds: ['memslot'], reason: 'this kernel has no tracepoint for it' }] });
        const told = async (time: number) => {
            const { x, y } = await placeOf(time);
            await map.page.mouse.move(x, y);
            await map.settled();
            return map.page.locator('.barDetails').innerText();
        };
        assert.match(await told(begin + 15 * second + 50_000), /^07:04:15.* – 07:04:15.*\s+Conversions\s+1\s+Failed calls\s+1$/);
        assert.match(await told(begin + 45 * second + 50_000), /^07:04:45.*\s+Faults, mappings\s+7$/);
        assert.match(await told(begin + 20 * second + 50_000), /20 events were lost between 07:04:20.00 and 07:04:20.02/);
        assert.match(await told(begin + 30 * second + 50_000), /30 events were lost between 07:04:30.00 and 07:04:30.02/);
        assert.match(await told(begin + 25 * second), /No events$/);
        assert.match(await told(begin + 50 * second), /No events$/);
        const rows = map.page.locator('.rowNames');
        assert.match((await rows.innerText()).replaceAll('\n', ' '), /Conversions guest_memfd Faults, mappings Memslots Failed calls 9 events50 lost/);
        assert.match((await rows.getByText('Memslots').getAttribute('title')) ?? '', /no tracepoint/);

        const filled = async (time: number, row: number) => {
            const { x, y } = await placeOf(time, row);
            return (await map.page.screenshot({ clip: { x: x - 3, y: y - 5, width: 6, height: 9 } })).toString('base64');
        };
        await map.page.mouse.move(0, 0);
        await map.settled();
        const nothing = await filled(begin + 50 * second, lane('Conversions'));
        assert.notEqual(await filled(begin + 15 * second, lane('Conversions')), nothing);
        assert.equal(await filled(begin + 45 * second, lane('Conversions')), nothing);
        assert.notEqual(await filled(begin + 45 * second, lane('Faults, mappings')), nothing);
        for (const at of [20, 30]) assert.notEqual(await filled(begin + at * second, lane('Conversions')), nothing, `${at} s`);
        assert.equal(await filled(begin + 25 * second, lane('Conversions')), nothing);
    });

    it('shows the map as it was where it is dragged to, without the living map\'s controls, and returns by Escape', async () => {
        await showing();
        assert.equal(await shownPage(), pageOfNow);
        await dragTo(40, 10);
        await map.page.mouse.up();
        await banner().filter({ hasText: 'As it was at 07:04:10' }).waitFor();
        await map.settled();
        assert.equal(await shownPage(), pageOfFirst);
        assert.equal(await map.page.getByRole('button', { name: 'Keep' }).isVisible(), false);
        assert.equal(await map.page.getByRole('button', { name: 'Convert to Shared' }).isDisabled(), true);
        await dragTo(40);
        await map.page.mouse.up();
        await banner().filter({ hasText: 'As it was at 07:04:40' }).waitFor();
        await map.settled();
        assert.equal(await shownPage(), pageOfSecond);
        await map.page.locator('.map .scroller').press('Escape');
        await banner().waitFor({ state: 'hidden' });
        await map.settled();
        assert.equal(await shownPage(), pageOfNow);
        assert.equal(await map.page.getByRole('button', { name: 'Keep' }).isVisible(), true);
    });

    it('asks only for the newest time while one is being shown, and for now at once', async () => {
        await showing();
        let show: () => void = () => undefined;
        made.mayShow = new Promise((resolve) => (show = resolve));
        await dragTo(50, 45, 40, 35, 30, 25, 20, 15);
        await map.page.waitForFunction(() => document.querySelector('[role=slider]')?.getAttribute('aria-valuetext')?.startsWith('07:04:15'));
        assert.equal(made.times().length, 1, 'while the first is not there nothing else is asked for');
        show();
        await banner().filter({ hasText: 'As it was at 07:04:15' }).waitFor();
        const asked = made.times();
        assert.ok(asked.length === 2 && Math.abs((asked[1] ?? 0) - begin - 15 * second) < second, `the first and the last: ${asked.join(' ')}`);

        made.mayShow = new Promise((resolve) => (show = resolve));
        await dragTo(5);
        await map.page.mouse.up();
        await map.page.keyboard.press('Escape');
        await map.page.waitForFunction(() => document.querySelector('[role=slider]')?.getAttribute('aria-valuetext') === 'now');
        assert.equal(made.times().at(-1), null, 'now does not wait for what is under way');
        show();
    });

    it('goes through time by keyboard, and says the time', async () => {
        await showing();
        const said = async () => (await slider().getAttribute('aria-valuetext')) ?? '';
        assert.equal(await said(), 'now');
        await press('ArrowLeft');
        assert.match(await said(), /^07:04:59\.\d{3}$/);
        const one = made.times().at(-1) ?? 0;
        await press('ArrowLeft', 'PageDown');
        const eleven = made.times().at(-1) ?? 0;
        assert.ok(Math.abs(begin + length - eleven - 12 * (begin + length - one)) < second / 100, 'a screen step is ten');
        await press('Home');
        assert.equal(await said(), '07:04:00.000');
        assert.equal(await slider().getAttribute('aria-valuenow'), '0');
        assert.equal(await slider().getAttribute('aria-valuemax'), '60000');
        assert.equal(await shownPage(), pageOfFirst);
        await press('End');
        assert.equal(await said(), 'now');
        assert.equal(await shownPage(), pageOfNow);
    });

    it('follows the recording, but keeps a time that was zoomed in on in sight', async () => {
        await showing();
        await showing({ now: begin + 2 * length });
        const asked = made.counted().at(-1);
        assert.deepEqual([asked?.from, asked?.to], [begin, begin + 2 * length]);
        await press('Home');
        for (let i = 0; i < 5; i++) await press('+');
        const near = made.counted().at(-1);
        assert.ok(near !== undefined && near.from === begin && near.to < begin + length / 2, 'it is around the playhead');
        await showing({ now: begin + 3 * length });
        assert.deepEqual(made.counted().at(-1), near);
        await press('0');
        assert.equal(made.counted().at(-1)?.to, begin + 3 * length);
    });

    it('returns to now when the past cannot be shown, or a command leads elsewhere', async () => {
        await showing();
        await press('Home');
        await made.returnToNow();
        await banner().waitFor({ state: 'hidden' });
        assert.equal(await slider().getAttribute('aria-valuetext'), 'now');
        await made.showInstead(begin + 20 * second);
        await banner().filter({ hasText: 'As it was at 07:04:20.000' }).waitFor();
        assert.equal(await slider().getAttribute('aria-valuetext'), '07:04:20.000');
        await back().click();
        await banner().waitFor({ state: 'hidden' });
        assert.equal(made.times().at(-1), null);
    });
});
