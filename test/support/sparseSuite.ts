/** A guest_memfd far larger than the machine's memory, nearly all of it a hole; and windows larger than any VM. */
import assert from 'node:assert/strict';
import type { AddressFacts } from '../../src/common/explain/explanation';
import type { MemoryRead, PageMap, VmDetails } from '../../src/common/model';
import type { DemoVmm } from './demoVmm';
import { guestmemJson } from './guestmem';
import { hex, startOf } from './pages';
import { suiteVmm } from './suiteVmm';

/** `andThen` adds tests about the same VM. */
export function describeSparse(words: readonly string[], size: bigint, andThen: (vmm: () => DemoVmm) => void = () => undefined): void {
    describe(`a sparse guest_memfd of ${hex(size)} bytes`, () => {
        const vmm = suiteVmm([...words, '--gmem', String(size)]);
        const slot = () => vmm().report.memslots.find((candidate) => BigInt(candidate.size) === size) ?? assert.fail('no such memslot');
        const mapOf = (...range: string[]) => guestmemJson<PageMap>(['map', vmm().id, ...range]);
        before('stop the guest’s own conversions', () => vmm().setPaused(true));

        it('is one run, and counts nothing as allocated', async () => {
            const { guestMemfds } = await guestmemJson<VmDetails>(['show', vmm().id]);
            const shown = guestMemfds.find((gmem) => BigInt(gmem.size) === size);
            assert.deepEqual([shown?.allocated, shown?.prepared], ['0x0', '0x0']);
            const runs = (await mapOf()).runs.filter(({ memslot }) => memslot === slot().id);
            assert.deepEqual(runs.map(({ gpa, size: bytes, gmemBacking }) => [gpa, bytes, gmemBacking]), [
                [slot().gpa, slot().size, { state: 'absent' }],
            ]);
        });

        it('is read as a hole without becoming less of one', async () => {
            const { ranges } = await guestmemJson<MemoryRead>(['read', vmm().id, hex(startOf(slot()) + size / 2n), '0x2000']);
            assert.ok(ranges.every(({ source }) => source === 'hole'), JSON.stringify(ranges));
            const { guestMemfds } = await guestmemJson<VmDetails>(['show', vmm().id]);
            assert.equal(guestMemfds.find((gmem) => BigInt(gmem.size) === size)?.allocated, '0x0');
        });

        it('is the same in windows of 2^40 pages, and of nearly all that 64 bits can name', async () => {
            const { runs } = await mapOf();
            for (const window of ['0x0+0x10000000000000', '0x0+0xfffffffffffff000']) {
                assert.deepEqual((await mapOf('--range', window)).runs, runs, window);
            }
        });

        it('is a hole wherever it is explained', async () => {
            const { run } = await guestmemJson<AddressFacts>(['explain', vmm().id, hex(startOf(slot()) + size / 2n)]);
            assert.deepEqual([run.memslot, run.gmemBacking], [slot().id, { state: 'absent' }]);
        });

        andThen(vmm);
    });
}
