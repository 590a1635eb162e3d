/** Guest Memory Events with recordings made for the purpose: ten million events, losses, missing kinds, ends. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { EventFilter } from '../../src/common/eventMethods';
import type { EventsQuestion, EventsViewRequest } from '../../src/common/eventsViewMessages';
import { EventsPage, madeEvent, madeState, madeSubject } from '../support/eventsPage';
import { until } from '../support/until';

const tenMillion = 10_000_000;

describe('the view of memory events alone', () => {
    let view: EventsPage;
    const open = async (saved?: unknown) => (view = await EventsPage.open(saved));
    const rows = () => view.page.locator('.rows .row');
    const grid = () => view.page.getByRole('grid');
    const button = (name: string | RegExp) => view.page.getByRole('button', { name });
    const figures = (text: string) => view.page.locator('.figures', { hasText: text }).waitFor();
    const follows = (does: boolean) => view.page.locator(`button[aria-pressed=${does}]`, { hasText: 'Follow' }).waitFor();
    /** The row with the time of an event, which tells it from all others. */
    const rowOf = (event: number) => rows().filter({ hasText: madeEvent(event).time.slice(11, 26) });
    const listed = () =>
        view.requests.flatMap<Extract<EventsQuestion, { type: 'list' }>>((request) => (request.type === 'ask' && request.about.type === 'list' ? [request.about] : []));
    /** Waits until the page has sent it; other requests may come after it. */
    const sent = (request: EventsViewRequest) => until(JSON.stringify(request), () => view.requests.some((one) => isDeepStrictEqual(one, request)));
    const filtered = (filter: Partial<EventFilter>) =>
        until(`events by ${JSON.stringify(filter)} are asked for`, () => {
            const last = listed().at(-1)?.filter;
            return isDeepStrictEqual(last, { ...last, ...filter });
        });
    afterEach(() => view.close());

    it('shows the end of ten million events, and asks for what is in sight alone', async () => {
        await open();
        await view.show(madeSubject(madeState(tenMillion)));
        await figures('10,000,000 events');
        await rowOf(tenMillion - 1).waitFor();
        await view.page.locator(`[role=grid][aria-rowcount="${tenMillion + 1}"]`).waitFor();
        assert.ok((await rows().count()) < 30, 'only the rows in sight exist');
        const asked = listed();
        assert.ok(asked.length <= 4, JSON.stringify(asked));
        assert.ok(asked.every(({ most }) => most <= 128));
    });

    it('goes through them by keyboard, and says the row to a screen reader', async () => {
        await open();
        await view.show(madeSubject(madeState(tenMillion)));
        await rowOf(tenMillion - 1).waitFor();
        await grid().press('Home');
        await rowOf(0).waitFor();
        await grid().press('ArrowDown');
        await view.page.locator('[role=grid][aria-activedescendant=row1]').waitFor();
        const current = view.page.locator('#row1[aria-rowindex="3"]');
        assert.deepEqual(await current.getByRole('gridcell').allTextContents(), ['03:04:05.000010', 'Attributes changed', '0x1000+0x1000 (4 KiB) to private', '1001', '', '']);
        await grid().press('Enter');
        await sent({ type: 'showOnMap', range: { gpa: '0x1000', size: '0x1000' } });
        await grid().press('Control+Enter');
        await sent({ type: 'showAt', time: madeState(0).since + 10, range: { gpa: '0x1000', size: '0x1000' } });
        assert.equal(view.requests.filter(({ type }) => type === 'showOnMap').length, 1);
    });

    it('follows what comes, until somebody scrolls up, and goes on from the end', async () => {
        await open();
        await view.show(madeSubject(madeState(1000)));
        await rowOf(999).waitFor();
        await view.show(madeSubject(madeState(2000)));
        await rowOf(1999).waitFor();
        await grid().press('Home');
        await rowOf(0).waitFor();
        await view.show(madeSubject(madeState(3000)));
        await figures('3,000 events');
        await rowOf(0).waitFor();
        await follows(false);
        await grid().press('End');
        await rowOf(2999).waitFor();
        await follows(true);
        await view.show(madeSubject(madeState(4000)));
        await rowOf(3999).waitFor();
    });

    it('counts the events of its table where that is newer than what is known of the recording', async () => {
        await open();
        await view.show(madeSubject(madeState(1010)));
        await figures('1,010 events');
        await view.send({ type: 'shown', subject: madeSubject(madeState(1000, { state: 'stopped' })), problem: null, cost: '' });
        await view.page.getByRole('status').filter({ hasText: 'Stopped' }).waitFor();
        await view.page.locator('.figures', { hasText: /^1,010 events/ }).waitFor();
    });

    it('keeps rows, marks and focus at their places when the log gives up its oldest events', async () => {
        await open();
        // That some are gone is said from the begin on: the table has as much room all the time.
        await view.show(madeSubject(madeState(1000, { givenUp: 6 })));
        await rowOf(1005).waitFor();
        await button(/^Guest fault /).click();
        await figures('167 of 1,000 events');
        await grid().press('Home');
        await rowOf(8).waitFor();
        for (let i = 0; i < 10; i++) await grid().press('PageDown');
        for (let i = 0; i < 2; i++) await grid().press('Shift+ArrowUp');
        await follows(false);
        /** Of each row in sight: its time, its place on the screen, and whether it is marked or the current one. */
        const seen = () =>
            rows().evaluateAll((all) =>
                all.map((row) => {
                    const { top } = row.getBoundingClientRect();
                    return [row.firstElementChild?.textContent, Math.round(top), row.getAttribute('aria-selected'), row.classList.contains('current')];
                }),
            );
        const current = () => view.page.evaluate(() => document.getElementById(document.activeElement?.getAttribute('aria-activedescendant') ?? '')?.getAttribute('aria-rowindex'));
        await until('the rows are there', async () => (await seen()).every(([time]) => time !== '…'));
        const before = await seen();
        assert.equal(before.filter(([, , marked]) => marked === 'true').length, 3);
        const index = Number(await current());

        // No whole block of rows: 20 faults among 120 events.
        await view.show(madeSubject(madeState(1000, { givenUp: 126 })));
        await until('the rows are counted anew', async () => Number(await current()) === index - 20);
        await until('all rows are there', async () => (await seen()).every(([time]) => time !== '…'));
        assert.deepEqual(await seen(), before);
        await grid().press('Control+c');
        const copied = () => view.requests.find(({ type }) => type === 'copy');
        await until('the marked rows are copied', () => copied() !== undefined);
        const text = copied();
        const marked = before.filter(([, , marked]) => marked === 'true').map(([time]) => String(time));
        assert.deepEqual(text?.type === 'copy' ? text.text.split('\n').slice(1).map((line) => line.split('\t')[0]) : [], marked);

        // What was in sight is gone: the oldest that are held are there.
        await view.show(madeSubject(madeState(1000, { givenUp: 906 })));
        await view.page.locator('[role=grid][aria-activedescendant=row0]').waitFor();
        await rowOf(908).waitFor();
    });

    it('tells how many events there are in a second', async () => {
        await open();
        await view.show(madeSubject(madeState(1000)));
        await view.show(madeSubject(madeState(3000)));
        await figures('3,000 events · 100,000/s');
    });

    it('shows the kinds that are chosen alone, with times since the start, and keeps that through a reload', async () => {
        await open();
        await view.show(madeSubject(madeState(6000)));
        await button(/^Guest fault 1,000$/).click();
        await figures('1,000 of 6,000 events');
        await button('Since Start').click();
        await rows().filter({ hasText: '+0.059960 s' }).waitFor();
        await rows().filter({ hasNotText: 'Guest fault' }).first().waitFor({ state: 'detached' });
        const saved = await view.saved();
        await view.close();

        await open(saved);
        await view.show(madeSubject(madeState(6000)));
        await figures('1,000 of 6,000 events');
        await rows().filter({ hasText: '+0.059960 s' }).waitFor();
    });

    it('asks for a range that is typed, of a memslot, or selected on the map, and says what is wrong with one', async () => {
        await open();
        await view.show(madeSubject(madeState(6000)));
        const input = view.page.getByLabel('Show only events at an address');
        const where = view.page.getByLabel('Where in guest memory');
        await input.fill('0x1000+0x2001');
        await input.press('Enter');
        await view.page.getByRole('alert').filter({ hasText: 'multiples of the page size' }).waitFor();
        await where.selectOption({ label: 'Slot 3: 0x0+0x1000000, anonymous' });
        assert.equal(await input.inputValue(), '0x0+0x1000000');
        await filtered({ range: { gpa: '0x0', size: '0x1000000' } });
        await where.selectOption({ label: 'Selection on the page map' });
        await sent({ type: 'selection' });
        await view.send({ type: 'selection', range: null });
        await view.page.getByRole('alert').filter({ hasText: 'Nothing is selected' }).waitFor();
        await view.send({ type: 'selection', range: { gpa: '0x5000', size: '0x1000' } });
        await filtered({ range: { gpa: '0x5000', size: '0x1000' } });
        assert.equal(await input.inputValue(), '0x5000+0x1000');
        await view.send({ type: 'narrow', range: null, kind: 'fault' });
        await filtered({ kinds: ['fault'], range: { gpa: '0x5000', size: '0x1000' }, failed: false, times: null });
    });

    it('leads from a time to what happened then', async () => {
        await open();
        await view.show(madeSubject(madeState(6000)));
        const slider = view.page.getByRole('slider', { name: 'Events over time' });
        await slider.press('Home');
        await view.page.locator('[role=slider][aria-valuetext^="03:04:05.0: "]').waitFor();
        await slider.press('Enter');
        await rowOf(0).waitFor();
        await follows(false);
    });

    it('says as long as it is so that events were lost or given up, and which kinds are missing', async () => {
        await open();
        const lossy = { lost: 1234, losses: [{ from: madeState(0).since - 20_000, to: madeState(0).since, events: 1234 }], givenUp: 5000, missing: [{ kinds: ['fault'] as const, reason: 'Could not attach <b>it</b>.' }] };
        await view.show(madeSubject(madeState(6000, lossy)));
        await view.page.getByText('1,234 events were lost, the last at 03:04:05.0').waitFor();
        await view.page.getByText('The oldest 5,000 events were given up').waitFor();
        await view.page.getByText('One kind of events is missing').click();
        await view.page.getByText('Could not attach <b>it</b>.').waitFor();
        await view.show(madeSubject(madeState(6000)));
        await view.page.getByText('events were lost').waitFor({ state: 'hidden' });
    });

    it('says what to do without a VM, before a recording, and after its agent ended', async () => {
        await open();
        await view.show(null);
        await button('Select Virtual Machine').click();
        await sent({ type: 'act', action: 'selectVm' });
        await view.show(madeSubject(null), { message: 'The recording of memory events is gone.', remedies: ['Restart Agent'] });
        await view.page.getByText('It costs a little.').waitFor();
        await button('Restart Agent').click();
        await sent({ type: 'remedy', label: 'Restart Agent' });
        await button('Record Memory Events').click();
        await sent({ type: 'act', action: 'record' });
        await view.show(madeSubject(madeState(0, { state: 'vm-ended' })));
        await view.page.getByText('The VM has ended').waitFor();
    });
});
