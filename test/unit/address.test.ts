import assert from 'node:assert/strict';
import { formatSize, parseAddress, parseHex, toHex } from '../../src/common/address';

describe('addresses', () => {
    it('are lower-case hex on the wire', () => {
        assert.equal(toHex(0n), '0x0');
        assert.equal(toHex(0xabcdef000n), '0xabcdef000');
        assert.equal(toHex(2 ** 63), '0x8000000000000000');
    });

    const hex: [string, bigint | undefined][] = [
        ['0x0', 0n],
        ['0xFFFFFFFFFFFFFFFF', 0xffff_ffff_ffff_ffffn],
        ['0x10000000000000000', undefined],
        ['1000', undefined],
        ['0x', undefined],
        ['0x-1', undefined],
        ['0x1g', undefined],
        [' 0x1', undefined],
    ];
    for (const [text, value] of hex) it(`parseHex('${text}') is ${value}`, () => assert.equal(parseHex(text), value));

    const typed: [string, bigint | undefined][] = [
        [' 0x10_0000 ', 0x100000n],
        ['4096', 4096n],
        ['18446744073709551615', 0xffff_ffff_ffff_ffffn],
        ['18446744073709551616', undefined],
        ['-1', undefined],
        ['', undefined],
        ['1e3', undefined],
        ['4K', undefined],
    ];
    for (const [text, value] of typed) it(`parseAddress('${text}') is ${value}`, () => assert.equal(parseAddress(text), value));

    const sizes: [bigint, string][] = [
        [0n, '0 B'],
        [1023n, '1023 B'],
        [4096n, '4 KiB'],
        [640n << 10n, '640 KiB'],
        [3n << 29n, '1.5 GiB'],
        [1n << 40n, '1 TiB'],
        [0xfffn << 52n, '16 EiB'],
    ];
    for (const [bytes, text] of sizes) it(`${bytes} bytes are ${text}`, () => assert.equal(formatSize(bytes), text));
});
