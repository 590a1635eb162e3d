/** What changed a page last, looked up in a recording of any length. */
import assert from 'node:assert/strict';
import { nativeFilter } from '../../src/agent/events/eventFilter';
import type { Recording } from '../../src/agent/events/recording';
import { mostEvents, recordedChanges } from '../../src/agent/explain/changesAt';
import { UnknownFields } from '../../src/agent/unknownFields';
import { eventColumns, type MadeEvent } from '../support/madeRecordings';
import { addon } from './addon';

const begin = 1_700_000_000_000_000;
const converted = (time: number, first: number): MadeEvent => ({ kind: 'attributes-changed', time, first, pages: 1 });

async function changesIn(events: readonly MadeEvent[], page: number) {
    const log = new addon.EventLog(1e9);
    log.append(eventColumns(events));
    const list: Recording['list'] = (filter, first, most) => log.list(...nativeFilter(filter), null, first, most);
    const unknown = new UnknownFields();
    const changes = await recordedChanges(BigInt(page) << 12n, { log, list, mayTellPrivate: true }, unknown);
    return { times: changes.map(({ time }) => Date.parse(time) * 1000), unknown: unknown.list() };
}

describe('what a recording has of one page', () => {
    const touches = (count: number): MadeEvent[] => Array.from({ length: count }, (_, i) => ({ kind: 'fault', time: begin + 1000 * (i + 1), first: 9, pages: 1 }));

    it('is all of it, in a recording that is not long', async () => {
        const { times, unknown } = await changesIn([converted(begin, 7), ...touches(1000)], 7);
        assert.deepEqual([times, unknown], [[begin], []]);
    });

    it('is of the newest events in a long one, and how far back these go is told', async () => {
        const { times, unknown } = await changesIn([converted(begin, 7), ...touches(mostEvents)], 7);
        assert.deepEqual(times, []);
        assert.match(unknown.map(({ field, reason }) => `${field}: ${reason}`).join(), /^changes: .*newest 1048576 events .* back to 2023-11-14T22:13:20\.001Z/);
    });

    it('is found at the very edge of the newest events', async () => {
        assert.deepEqual((await changesIn([...touches(1), converted(begin + 1000, 7), ...touches(mostEvents - 1)], 7)).times, [begin + 1000]);
    });
});
