/** The attributes that `guestmem map` tells, beside what the kernel's own tracepoint says was set one after the other. */
import assert from 'node:assert/strict';
import type { ConvertReport } from '../../src/common/change';
import type { PageMap } from '../../src/common/model';
import type { DemoRange } from '../support/demoVmm';
import { guestmemJson } from '../support/guestmem';
import { endOf, hex, page, startOf } from '../support/pages';
import { privateRanges } from '../support/privateRanges';
import { makeRandomIntegers, seed } from '../support/random';
import { suiteVmm } from '../support/suiteVmm';
import { requireTracepoint, Tracepoint } from '../support/tracepoint';

const event = 'kvm/kvm_vm_set_mem_attributes';
const privateBit = 8n;

/** What the private ranges become when the recorded calls are made one after the other. */
function replay(ranges: readonly DemoRange[], calls: readonly string[]): DemoRange[] {
    const isPrivate = new Set<bigint>();
    const set = (first: bigint, end: bigint, attributes: bigint) => {
        for (let gfn = first; gfn < end; gfn++) {
            if (attributes === privateBit) isPrivate.add(gfn);
            else isPrivate.delete(gfn);
        }
    };
    for (const range of ranges) set(startOf(range) / page, endOf(range) / page, privateBit);
    for (const call of calls) {
        const [, first, end, attributes] = /^(0x[0-9a-f]+) -- (0x[0-9a-f]+) \[(0x[0-9a-f]+)\]$/.exec(call) ?? [];
        assert.ok(first !== undefined && end !== undefined && attributes !== undefined, `the event is '${call}'`);
        set(BigInt(first), BigInt(end), BigInt(attributes));
    }
    const result: { start: bigint; end: bigint }[] = [];
    for (const gfn of [...isPrivate].sort((a, b) => (a < b ? -1 : 1))) {
        const last = result.at(-1);
        if (last?.end === gfn) last.end = gfn + 1n;
        else result.push({ start: gfn, end: gfn + 1n });
    }
    return result.map(({ start, end }) => ({ gpa: hex(start * page), size: hex((end - start) * page) }));
}

describe(`beside the tracepoint ${event} (seed ${seed})`, () => {
    before('the tracepoint', function () {
        requireTracepoint(this, event);
    });
    const vmm = suiteVmm(['--type', 'sw-protected', '--rate', '200']);
    const random = makeRandomIntegers();

    it('has what all that was set has come to: by the guest, by the VMM, and by guestmem', async () => {
        await vmm().setPaused(true);
        const first = privateRanges(await guestmemJson<PageMap>(['map', vmm().id]));
        const tracepoint = new Tracepoint(event);
        await vmm().setPaused(false);

        // Beside what the guest converts, since two calls at the same time are traced before one waits for the other.
        const sweep = vmm().report.sweep ?? assert.fail('the guest converts nothing');
        const space = { start: endOf(sweep) / page, pages: 3000 };
        let converted = 0;
        for (let round = 0; round < 6; round++) {
            const gpa = (space.start + BigInt(random(space.pages))) * page;
            const size = BigInt(1 + random(200)) * page;
            const to = random(3) > 0 ? 'private' : 'shared';
            if (round % 2 === 0) {
                await vmm().setAttribute(gpa, size, to);
            } else {
                // There and back, so that one of both has something to do, whatever the range was.
                for (const attribute of to === 'private' ? ['private', 'shared'] : ['shared', 'private']) {
                    const words = ['convert', vmm().id, `${hex(gpa)}+${hex(size)}`, attribute, '--yes'];
                    converted += (await guestmemJson<ConvertReport>(words)).pagesChanged;
                }
            }
        }
        await vmm().setPaused(true);
        const calls = tracepoint.finish();
        const map = await guestmemJson<PageMap>(['map', vmm().id]);

        console.log(`      ${calls.length} calls, and ${converted} pages converted by guestmem`);
        assert.ok(calls.length > 100, 'the guest converted little');
        assert.ok(converted > 0, 'guestmem converted nothing');
        assert.deepEqual(privateRanges(map), replay(first, calls));
        assert.equal(map.consistent, true);
    });
});
