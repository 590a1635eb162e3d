/** The table of questions says what is there: all questions, and tests that exist. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { commands, eventsView, views } from '../../src/common/manifest';
import { mapLayers } from '../../src/common/mapLayers';

const rows = readFileSync('docs/questions.md', 'utf8')
    .split('\n')
    .filter((line) => /^\| \d+ \|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));

describe('the table of questions', () => {
    it('has all 25, in order, each with its question, a place to look and what that shows', () => {
        assert.deepEqual(rows.map(([, number]) => Number(number)), Array.from({ length: 25 }, (_, i) => i + 1));
        for (const [, number, question = '', , where = '', shows = '', ...rest] of rows) {
            assert.ok(question.length > 10 && shows.length > 0, `row ${number ?? ''}`);
            assert.match(where, /`guestmem [a-z]+/, `row ${number ?? ''}`);
            assert.equal(rest.length, 2, `row ${number ?? ''} has another number of cells`);
        }
    });

    it('leads to commands, views and layers by the names that they have', () => {
        const names = [...Object.values(commands).map(({ title }) => title), ...Object.values(views), eventsView.name, ...mapLayers.map(({ name }) => name)];
        for (const [, number, , place = ''] of rows) {
            const led = [...place.matchAll(/\*([^*]+)\*/g)].map(([, name]) => name ?? '');
            assert.ok(led.length > 0 || place.startsWith('hover'), `row ${number ?? ''} leads nowhere in VS Code`);
            assert.deepEqual(led.filter((name) => !names.includes(name)), [], `row ${number ?? ''}`);
        }
    });

    it('names for each a test that exists, by file and title', () => {
        for (const [, number, , , , , shownBy = ''] of rows) {
            const named = [...shownBy.matchAll(/`(test\/[\w./]+\.ts)`: “([^”]+)”/g)];
            assert.ok(named.length > 0, `row ${number ?? ''} names no test`);
            assert.equal(shownBy.replaceAll(/`test\/[\w./]+\.ts`: “[^”]+”/g, '').replaceAll(/[; ]/g, ''), '', `row ${number ?? ''} has more than tests`);
            for (const [, file = '', title = ''] of named) {
                assert.ok(existsSync(file), `${file} of row ${number ?? ''}`);
                assert.ok(readFileSync(file, 'utf8').includes(`'${title}'`), `${file} has no test “${title}” (row ${number ?? ''})`);
            }
        }
    });
});
