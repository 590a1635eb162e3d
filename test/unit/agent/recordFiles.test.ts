/** The files of the record of changes, written by several agents at once. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecordFiles } from '../../../src/agent/change/recordFiles';

describe('the files of the record of changes', () => {
    let folder = '';
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'guestmem-test-'))));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));
    const files = (largest: number) => new RecordFiles(join(folder, 'made/here/changes.jsonl'), largest);
    const written = (record: RecordFiles) => record.lines().filter((line) => line !== '');

    it('have no line before there is one', () => assert.deepEqual(written(files(10)), []));

    it('are readable by their user alone, and hold the newest lines in order', () => {
        const record = files(100);
        const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`.padEnd(20, '.'));
        for (const line of lines) record.append(line);
        const kept = written(record);
        assert.deepEqual(kept, lines.slice(-kept.length));
        assert.ok(kept.length * 21 >= 100 && kept.length < 30, `${kept.length} lines`);
        for (const name of readdirSync(join(folder, 'made/here'))) assert.equal(statSync(join(folder, 'made/here', name)).mode & 0o777, 0o600);
    });

    it('lose nothing when two agents find the file full at once', () => {
        const [one, other] = [files(100), files(100)];
        const lines = Array.from({ length: 6 }, (_, index) => `line ${index}`.padEnd(20, '.'));
        for (const line of lines.slice(0, 5)) one.append(line);
        // Both have seen that it is full; the first goes on before the other does.
        one.rotate();
        one.append(lines[5] ?? '');
        other.rotate();
        other.rotate();
        assert.deepEqual(written(one), lines);
    });
});
