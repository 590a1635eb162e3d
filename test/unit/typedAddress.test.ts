import assert from 'node:assert/strict';
import { formatTypedAddress, parseTypedAddress, settleNumber } from '../../src/common/explain/typedAddress';
import { madeMemslot } from '../support/madeMemslot';

describe('a typed address', () => {
    it('is a number, or has its kind before it', () => {
        assert.deepEqual(parseTypedAddress('4096'), { kind: 'number', value: '0x1000' });
        assert.deepEqual(parseTypedAddress(' GPA: 0xF000 '), { kind: 'gpa', gpa: '0xf000' });
        assert.deepEqual(parseTypedAddress('hva=0x7f00_0000_1000'), { kind: 'hva', hva: '0x7f0000001000' });
        assert.deepEqual(parseTypedAddress('gva:0xffffffff81000000'), { kind: 'gva', gva: '0xffffffff81000000', vcpu: 0 });
        assert.deepEqual(parseTypedAddress('gva/3:0x1'), { kind: 'gva', gva: '0x1', vcpu: 3 });
        assert.deepEqual(parseTypedAddress('gmem/241:0x3000'), { kind: 'guest-memfd', inode: 241, offset: '0x3000' });
        assert.deepEqual(parseTypedAddress('pfn:0x12345'), { kind: 'pfn', pfn: '0x12345' });
    });

    it('is nothing else', () => {
        for (const text of ['', 'here', '0x', 'xva:0x1', 'gmem:0x1', 'hva/1:0x1', 'gva/70000:0x1', '0x10000000000000000', '0x1 0x2', 'pfn:']) {
            assert.equal(parseTypedAddress(text), undefined, text);
        }
    });

    it('can be written and read again', () => {
        for (const text of ['0x1000', 'gpa:0x1000', 'hva:0x1', 'gva/2:0x3', 'gmem/7:0x0', 'pfn:0x9']) {
            assert.equal(formatTypedAddress(parseTypedAddress(text) ?? assert.fail(text)), text);
        }
    });

    it('that is a bare number is host virtual only where a memslot has that, and no GPA', () => {
        const memslots = [madeMemslot({ gpa: '0x0', size: '0x10000', hva: '0x7f0000000000' }), madeMemslot({ gpa: '0x100000', size: '0x1000', hva: '0x8000' })];
        const details = { addressSpaces: [{ id: 0, memslots }] };
        const settled = (value: string) => settleNumber(details, { kind: 'number', value });
        assert.deepEqual(settled('0x7f000000ffff'), { kind: 'hva', hva: '0x7f000000ffff' });
        assert.deepEqual(settled('0x7f0000010000'), { kind: 'gpa', gpa: '0x7f0000010000' });
        assert.deepEqual(settled('0x8000'), { kind: 'gpa', gpa: '0x8000' });
        assert.deepEqual(settled('0xfee00000'), { kind: 'gpa', gpa: '0xfee00000' });
    });
});
