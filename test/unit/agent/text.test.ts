import assert from 'node:assert/strict';
import { renderTable } from '../../../src/agent/commandLine/render/table';
import { escapeText, toJson } from '../../../src/agent/commandLine/render/text';

describe('text that others chose', () => {
    const expected: [string, string][] = [
        ['plain — naïve 名', 'plain — naïve 名'],
        ['\x1b[2J', '\\x1b[2J'],
        ['a\nb\tc', 'a\\x0ab\\x09c'],
        ['\x7f\x9b', '\\x7f\\x9b'],
        ['\u202egnp.exe', '\\u{202e}gnp.exe'],
        ['\u2028', '\\u{2028}'],
        ['\ud800', '\\u{d800}'],
    ];
    for (const [text, escaped] of expected) it(`is escaped: ${escaped}`, () => assert.equal(escapeText(text), escaped));

    it('keeps line breaks where they are wanted', () => assert.equal(escapeText('a\nb\r', { newlines: true }), 'a\nb\\x0d'));

    it('is escaped in JSON too, which stays the same JSON', () => {
        const value = { name: '\x1b\x9b\x7f\u202e\u{e0001}\ud800"' };
        const json = toJson(value);
        assert.doesNotMatch(json, /[\p{Cc}\p{Cf}\p{Cs}]/u);
        assert.deepEqual(JSON.parse(json), value);
    });

    it('cannot leave its cell of a table', () => {
        const table = renderTable([{ title: 'NAME' }, { title: 'N', right: true }], [['a\nb', '1'], ['c', '22']]);
        assert.equal(table, 'NAME     N\na\\x0ab   1\nc       22\n');
    });
});
