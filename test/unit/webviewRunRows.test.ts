/** The rows of the table of runs: what is asked of the agent while somebody scrolls, and what a comparison's rows say. */
import assert from 'node:assert/strict';
import { PageRunsBuilder } from '../../src/common/pageRuns';
import { stateLayer } from '../../src/common/layers/stateLayer';
import { blockRows } from '../../src/webview/table/askedRows';
import { runColumns } from '../../src/webview/table/runColumns';
import { RunRows, type RunList, type RunQuery } from '../../src/webview/table/runRows';
import { states } from '../support/madeMaps';

const total = 1_000_000;
const query: RunQuery = { filter: { layer: 'state', classes: [], memslot: null, range: null }, order: 'address', descending: false };

/** Row i is the page i, private where i is odd. */
function listOf(first: number, most: number): RunList {
    const builder = new PageRunsBuilder();
    for (let row = first; row < Math.min(total, first + most); row++) {
        builder.append(row, 1, 0, row % 2 === 0 ? states.sharedPresent : states.privatePrepared);
    }
    const runs = builder.build();
    return { type: 'list', runs, before: null, presence: new Uint8Array(runs.count).fill(3), total, totalPages: total };
}

/** An agent that answers when it is told to. */
class SlowAgent {
    readonly asked: number[] = [];
    private answer: ((list: RunList | null) => void) | undefined;
    readonly ask = (_: RunQuery, first: number): Promise<RunList | null> => {
        this.asked.push(first);
        return new Promise((resolve) => (this.answer = resolve));
    };
    async reply(list: RunList | null = listOf(this.asked.at(-1) ?? 0, blockRows)): Promise<void> {
        this.answer?.(list);
        await new Promise(setImmediate);
    }
}

describe('the rows of the table', () => {
    let agent: SlowAgent;
    let rows: RunRows;
    beforeEach(() => {
        agent = new SlowAgent();
        rows = new RunRows(agent.ask, () => undefined);
        rows.setQuery(query);
    });

    it('are asked for one block at a time, and after a long scroll only where it came to rest', async () => {
        rows.want(0, 30);
        for (let row = 0; row < total - 30; row += 10_000) rows.want(row, row + 30);
        assert.deepEqual(agent.asked, [0]);
        await agent.reply();
        const last = 990_000;
        assert.deepEqual(agent.asked, [0, last - (last % blockRows)]);
        await agent.reply();
        assert.equal(agent.asked.length, 2);
        assert.equal(rows.total, total);
        assert.equal(rows.at(last)?.extent.start, last);
        assert.equal(rows.at(500_000), null);
    });

    it('stay through a refresh until the new ones are there, and are not kept after another query', async () => {
        rows.want(0, 30);
        await agent.reply();
        rows.refresh();
        assert.equal(rows.at(3)?.run?.attribute, 'private');
        assert.deepEqual(agent.asked, [0, 0]);
        await agent.reply({ ...listOf(1, blockRows), total: 7 });
        assert.equal(rows.at(3)?.run?.attribute, 'shared');
        assert.equal(rows.total, 7);
        rows.setQuery({ ...query, descending: true });
        assert.equal(rows.at(3), null);
    });

    it('that the agent does not give are asked for again only after a refresh', async () => {
        rows.want(0, 30);
        await agent.reply(null);
        rows.want(0, 30);
        assert.equal(agent.asked.length, 1);
        rows.refresh();
        assert.equal(agent.asked.length, 2);
    });

    it('keep only so many blocks', async () => {
        for (let row = 0; row < 100 * blockRows; row += blockRows) {
            rows.want(row, row + 30);
            await agent.reply();
        }
        assert.equal(agent.asked.length, 100);
        assert.equal(rows.at(0), null);
        assert.notEqual(rows.at(99 * blockRows), null);
    });

    it('of a comparison say what was before, and where nothing was or is', async () => {
        const before = new PageRunsBuilder();
        before.append(0, 1, 0, states.privatePrepared);
        before.append(1, 1, 0, states.sharedPresent);
        before.append(2, 1, 0, states.sharedAbsent);
        const all = listOf(0, 3);
        rows.want(0, 3);
        await agent.reply({ ...all, before: before.build(), presence: Uint8Array.of(15, 3, 12), total: 3 });
        const columns = runColumns(stateLayer, [{ state: states.privatePrepared, detail: 0, inMemslot: true }]);
        const attribute = columns.find(({ label }) => label === 'Attribute');
        const words = [0, 1, 2].map((index) => {
            const row = rows.at(index);
            return row === null ? null : attribute?.words(row);
        });
        assert.deepEqual(words, ['private → shared', 'nothing → private', 'shared → nothing']);
    });
});

describe('the columns of the table', () => {
    it('are those of which something is known', () => {
        const labels = (state: number) => runColumns(stateLayer, [{ state, detail: 0, inMemslot: true }]).map(({ label }) => label);
        assert.deepEqual(labels(states.outside), ['Address', 'Size', 'Slot', 'State', 'Attribute', 'HVA side', 'Guest uses']);
        assert.ok(labels(states.privatePrepared).includes('guest_memfd side'));
    });
});
