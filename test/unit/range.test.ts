import assert from 'node:assert/strict';
import { GuestmemError } from '../../src/common/errors';
import { formatRange, makeRange, parseRange, rangeEnd, toWireRange } from '../../src/common/range';

const isUsage = (thrown: unknown) => thrown instanceof GuestmemError && thrown.code === 'usage';

describe('ranges', () => {
    it('are written GPA+SIZE, in hex or decimal', () => {
        assert.deepEqual(parseRange('0x1000+0x2000'), { start: 0x1000n, size: 0x2000n });
        assert.deepEqual(parseRange('4096 + 8192'), { start: 0x1000n, size: 0x2000n });
        assert.equal(formatRange(parseRange('4096+8192')), '0x1000+0x2000');
        assert.deepEqual(toWireRange(parseRange('0x1000+0x2000')), { gpa: '0x1000', size: '0x2000' });
    });

    it('may end exactly where addresses end', () => {
        assert.equal(rangeEnd(makeRange(0xffff_ffff_ffff_f000n, 0x1000n)), 1n << 64n);
    });

    for (const text of ['', '0x1000', '0x1000+', '+0x1000', '0x1000+0x1000+0x1000', '0x1000-0x2000', 'a+b', '0x1000+-0x1000']) {
        it(`'${text}' is none`, () => assert.throws(() => parseRange(text), isUsage));
    }
    for (const text of ['0x1001+0x1000', '0x1000+0xfff', '0x1000+0x0', '0xfffffffffffff000+0x2000']) {
        it(`${text} cannot be used`, () => assert.throws(() => parseRange(text), isUsage));
    }
});
