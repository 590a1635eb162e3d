/** Walks of made-up page tables, each mode once, by the architecture's formats. */
import assert from 'node:assert/strict';
import { walkGuestTables, type PagingRegisters } from '../../../src/agent/explain/walkGuestTables';

const paging = 1n << 31n;
const pae = 1n << 5n;
const longMode = 1n << 10n;
const registers = (changed: Partial<PagingRegisters>): PagingRegisters => ({ cr0: paging, cr3: 0x1000n, cr4: pae, efer: longMode, physicalAddressBits: 46, ...changed });

/** Tables by the GPA of each entry. */
const memory = (entries: Readonly<Record<number, bigint>>) => (gpa: bigint) => Promise.resolve(entries[Number(gpa)] ?? 0n);

describe('the walk of a guest\'s page tables', () => {
    it('with 4 levels ends at a page of 4 KiB, 2 MiB or 1 GiB', async () => {
        const gva = (1n << 39n) | (2n << 30n) | (3n << 21n) | (4n << 12n) | 0x123n;
        const tables = { 0x1008: 0x2003n, 0x2010: 0x3003n, 0x3018: 0x4003n, 0x4020: (1n << 63n) | 0xabcde067n };
        assert.equal((await walkGuestTables(gva, registers({}), memory(tables))).gpa, 0xabcde123n);
        const large = { 0x1008: 0x2003n, 0x2010: 0x3003n, 0x3018: 0x40_0083n };
        assert.equal((await walkGuestTables(gva, registers({}), memory(large))).gpa, 0x40_4123n);
        const huge = { 0x1008: 0x2003n, 0x2010: 0x4000_1083n };
        assert.equal((await walkGuestTables(gva, registers({}), memory(huge))).gpa, 0x4000_0000n | (gva & 0x3fff_ffffn));
    });

    it('with 5 levels begins one table earlier', async () => {
        const gva = 0xff80_0000_0000_0000n | (511n << 39n);
        const tables = { [0x1000 + 8 * Number((gva >> 48n) & 511n)]: 0x2003n, 0x2ff8: 0x3003n, 0x3000: 0x8000_0083n };
        assert.equal((await walkGuestTables(gva, registers({ cr4: pae | (1n << 12n) }), memory(tables))).gpa, 0x8000_0000n);
    });

    it('with PAE takes one of four entries at the root, which need not begin a page', async () => {
        const tables = { 0x1028: 0x2001n, 0x2008: 0x20_0083n };
        assert.equal((await walkGuestTables(0x4020_0001n, registers({ efer: 0n, cr3: 0x1020n }), memory(tables))).gpa, 0x20_0001n);
    });

    it('with 32 bits has pages of 4 KiB, and of 4 MiB only where CR4.PSE is set', async () => {
        const tables = { 0x1004: 0x2003n, 0x2008: 0x7003n };
        const plain = registers({ efer: 0n, cr4: 0n });
        assert.equal((await walkGuestTables(0x40_2345n, plain, memory(tables))).gpa, 0x7345n);
        const large = { 0x1004: 0x0140_2083n };
        assert.equal((await walkGuestTables(0x40_2345n, registers({ efer: 0n, cr4: 1n << 4n }), memory(large))).gpa, 0x1_0140_2345n);
        const asTable = { 0x1004: 0x0140_2083n, 0x140_2008: 0x9003n };
        assert.equal((await walkGuestTables(0x40_2345n, plain, memory(asTable))).gpa, 0x9345n);
    });

    it('ends at once without paging', async () => {
        const { gpa, steps } = await walkGuestTables(0x1234n, registers({ cr0: 1n }), memory({}));
        assert.equal(gpa, 0x1234n);
        assert.match(steps.map(({ text }) => text).join(), /Paging is off/);
    });

    it('says where it ends without a page: not present, not canonical, not readable', async () => {
        const last = async (...args: Parameters<typeof walkGuestTables>) => {
            const { gpa, steps } = await walkGuestTables(...args);
            assert.equal(gpa, null);
            return steps.at(-1)?.text ?? '';
        };
        assert.match(await last(0x1000n, registers({}), memory({ 0x1000: 0x2003n })), /PDPT entry at GPA 0x2000: 0x0, not present/);
        assert.match(await last(1n << 47n, registers({}), memory({})), /not canonical: bits 47 to 63/);
        assert.match(await last(1n << 32n, registers({ efer: 0n }), memory({})), /more than 32 bits/);
        assert.match(await last(0n, registers({}), () => Promise.resolve('it is private')), /PML4 entry at GPA 0x1000 cannot be read: it is private/);
    });

    it('takes no bits for an address that the guest does not have', async () => {
        const tables = { 0x1000: 0x2003n, 0x2000: 0x3003n, 0x3000: 0x4003n, 0x4000: (0x7ffn << 52n) | (1n << 47n) | 0x5003n };
        assert.equal((await walkGuestTables(0n, registers({ cr3: 0x1000n | (1n << 63n) }), memory(tables))).gpa, 0x5000n);
    });
});
