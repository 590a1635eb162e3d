/** What is typed into the webview's fields, and its texts in other languages. */
import assert from 'node:assert/strict';
import { t, useBundle } from '../../src/webview/l10n';
import { parseFilter } from '../../src/webview/table/runFilter';

describe('the filter of the table', () => {
    const check = (text: string, expected: ReturnType<typeof parseFilter>) =>
        it(JSON.stringify(text), () => assert.deepEqual(parseFilter(text), expected));
    check('', { memslot: null, range: null });
    check('slot 3', { memslot: 3, range: null });
    check(' #12 ', { memslot: 12, range: null });
    check('0x1234', { memslot: null, range: { gpa: '0x1000', size: '0x1000' } });
    check('0x1000+0x3000', { memslot: null, range: { gpa: '0x1000', size: '0x3000' } });
    check('slot 3 0x1000+0x3000', { memslot: 3, range: { gpa: '0x1000', size: '0x3000' } });
    for (const text of ['slot', 'abc', '0x1001+0x1000', '0xfffffffffffffffff']) {
        it(`refuses ${JSON.stringify(text)} with an example`, () => assert.match(JSON.stringify(parseFilter(text)), /problem.*0x1000/));
    }
});

describe('texts of the webview', () => {
    afterEach(() => useBundle(undefined));

    it('are English without a bundle, and of its language with one', () => {
        assert.equal(t('{0} of {1}', 3, 'x'), '3 of x');
        useBundle(JSON.stringify({ '{0} of {1}': '{1} hat {0}', other: { message: 'no text' } }));
        assert.equal(t('{0} of {1}', 3, 'x'), 'x hat 3');
        assert.equal(t('other'), 'other');
    });

    it('never take a value for a place', () => {
        assert.equal(t('{0}, {1}', '{1}', 'b'), '{1}, b');
        assert.equal(t('{0} {7}', 'a'), 'a {7}');
    });
});
