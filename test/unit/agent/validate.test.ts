import assert from 'node:assert/strict';
import {
    checkAddressSpace,
    checkAttribute,
    checkBytes,
    checkFields,
    checkFlag,
    checkGpa,
    checkProgressToken,
    checkRange,
    checkVm,
} from '../../../src/agent/validate';
import { GuestmemError } from '../../../src/common/errors';

const isUsage = (thrown: unknown) => thrown instanceof GuestmemError && thrown.code === 'usage' && thrown.message.length < 400;
const hostile: unknown[] = [undefined, null, {}, [], true, NaN, -1, 1.5, 2 ** 60, 'x'.repeat(1e6), '\0', { toString: 1 }];

describe('parameters of requests', () => {
    it('name a VM by pid, pid:fd or pid:0xHVA', () => {
        assert.deepEqual(checkVm('412'), { pid: 412, fd: null, hva: null });
        assert.deepEqual(checkVm('412:9'), { pid: 412, fd: 9, hva: null });
        assert.deepEqual(checkVm('412:0x7f0012345000'), { pid: 412, fd: null, hva: 0x7f0012345000n });
        for (const wrong of ['', '0', '-1', '1:', ':9', '1:2:3', '1:-1', ' 1', '1 ', '01', '1e3', '99999999', '1:4294967296', '1:0x', '1:0xg', '1:0x1:2', `1:0x${'1'.repeat(17)}`, 412]) {
            assert.throws(() => checkVm(wrong), isUsage, String(wrong));
        }
    });

    it('have ranges of whole pages', () => {
        assert.deepEqual(checkRange({ gpa: '0x1000', size: '0x2000' }), { start: 0x1000n, size: 0x2000n });
        for (const wrong of [{ gpa: '0x1000' }, { gpa: 0x1000, size: 0x1000 }, { gpa: '4096', size: '0x1000' }, { gpa: '0x1', size: '0x1000' }]) {
            assert.throws(() => checkRange(wrong), isUsage);
        }
    });

    it('read bytes within limits', () => {
        assert.deepEqual(checkBytes('0x123', '0x7', 16n), { start: 0x123n, size: 7n });
        for (const [gpa, size] of [['0x0', '0x0'], ['0x0', '0x11'], ['0xffffffffffffffff', '0x2'], ['zero', '0x1']]) {
            assert.throws(() => checkBytes(gpa, size, 16n), isUsage);
        }
    });

    /** `right` are the hostile values that this check may let pass. */
    const checks: [what: string, check: (value: unknown) => unknown, right: readonly unknown[]][] = [
        ['parameters', checkFields, hostile.filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value))],
        ['a VM', checkVm, []],
        ['an address space', checkAddressSpace, []],
        ['an address', checkGpa, []],
        ['a range', checkRange, []],
        ['an attribute', checkAttribute, []],
        ['a flag', (value) => checkFlag(value, 'dryRun'), [true]],
        ['a progress token', checkProgressToken, [undefined, -1]],
    ];
    for (const [what, check, right] of checks) {
        it(`${what} may be anything, and what is wrong is refused in few words`, () => {
            for (const value of hostile.filter((each) => !right.includes(each))) assert.throws(() => check(value), isUsage);
        });
    }
});
