/** `guestmem read` against what the demo VMM's guest wrote and reads; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import type { MemoryRead, PageMap } from '../../src/common/model';
import { guestmem, guestmemJson } from '../support/guestmem';
import { presentPages } from '../support/pagemap';
import { endOf, hex, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

describe('read: the demo VMM', () => {
    const vmm = suiteVmm();
    const read = async (gpa: bigint, size: bigint) => {
        const answer = await guestmemJson<MemoryRead>(['read', vmm().id, hex(gpa), hex(size)]);
        return { ...answer, content: Buffer.from(answer.bytes, 'base64') };
    };

    it('gives the bytes that the guest wrote, in every kind of memory', async () => {
        for (const kind of ['anonymous', 'memfd', 'dirty-logged', 'guest_memfd'] as const) {
            if (kind === 'guest_memfd' && vmm().report.guestMemfds.length === 0) continue;
            const slot = vmm().report.memslots.findLast((candidate) => candidate.kind === kind);
            assert(slot?.touched);
            const gpa = startOf(slot.touched) + 0x123n;
            for (let index = 0; index < 4; index++) await vmm().write(gpa + BigInt(index), 0xa0 + index);
            const { content, ranges } = await read(gpa, 4n);
            assert.deepEqual([...content], [0xa0, 0xa1, 0xa2, 0xa3], kind);
            assert.deepEqual(ranges, [{ gpa: hex(gpa), size: '0x4', source: 'page' }], kind);
        }
    });

    it('gives the bytes that the guest reads', async () => {
        for (const gpa of [0x5000n, 0x200001n, startOf(vmm().memslot('memfd').cached ?? vmm().memslot('memfd')) + 1n]) {
            const { content, ranges } = await read(gpa, 1n);
            assert.equal(ranges[0]?.source, 'page');
            assert.equal(content[0], (await vmm().read(gpa)).value, hex(gpa));
        }
    });

    it('reads holes as zeros without allocating them', async () => {
        const slots = vmm().report.memslots.filter((slot) => slot.id > 0);
        const residency = async () => ({
            map: (await guestmemJson<PageMap>(['map', vmm().id])).runs,
            pagemap: slots.map((slot) => presentPages(vmm().report.pid, BigInt(slot.hva), BigInt(slot.size))),
        });
        const before = await residency();
        for (const slot of slots) {
            const { content, ranges } = await read(endOf(slot) - 0x2000n, 0x2000n);
            assert.ok(content.equals(Buffer.alloc(0x2000)), `memslot ${slot.id}`);
            assert.deepEqual(
                ranges.map((range) => range.source),
                ['hole'],
                `memslot ${slot.id}`,
            );
        }
        assert.deepEqual(await residency(), before);
    });

    it('says which part of a range is a page and which a hole', async () => {
        const { touched } = vmm().memslot('dirty-logged');
        assert(touched);
        const { ranges } = await read(startOf(touched) - 0x800n, 0x1000n);
        assert.deepEqual(ranges, [
            { gpa: hex(startOf(touched) - 0x800n), size: '0x800', source: 'hole' },
            { gpa: touched.gpa, size: '0x800', source: 'page' },
        ]);
    });

    it('writes plain bytes with --raw, and a hexdump for a terminal', async () => {
        const raw = await guestmem(['read', vmm().id, '0x200000', '0x20', '--raw']);
        assert.equal(raw.code, 0, raw.stderr);
        assert.deepEqual([...raw.bytes], Array<number>(0x20).fill(0xf0));
        const dump = await guestmem(['read', vmm().id, '0x200000', '0x20']);
        assert.equal(dump.code, 0, dump.stderr);
        assert.match(dump.stdout, /200000\b.*f0 f0 f0 f0/);
    });

    it('reads large ranges in full', async () => {
        const slot = vmm().report.memslots.findLast((candidate) => candidate.kind === 'anonymous');
        assert(slot !== undefined);
        await vmm().write(endOf(slot) - 1n, 0x77);
        const raw = await guestmem(['read', vmm().id, slot.gpa, slot.size, '--raw']);
        assert.equal(raw.code, 0, raw.stderr);
        assert.equal(raw.bytes.length, Number(slot.size));
        assert.equal(raw.bytes.at(-1), 0x77);
    });
});
