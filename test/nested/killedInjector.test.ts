/**
 * Injectors that are killed while they convert memory: each conversion is done wholly or not at all, as KVM's own
 * tracepoint tells it and the guest sees it, and the VMM goes on.
 */
import assert from 'node:assert/strict';
import type { PageMap } from '../../src/common/model';
import { buildPrograms } from '../support/injection';
import { guestmemJson } from '../support/guestmem';
import { checkAtWork, killInjectors } from '../support/killedInjector';
import { hex, page, startOf } from '../support/pages';
import { privateRanges } from '../support/privateRanges';
import { suiteVmm } from '../support/suiteVmm';
import { requireTracepoint, Tracepoint } from '../support/tracepoint';

const event = 'kvm/kvm_vm_set_mem_attributes';
const kills = Number(process.env['GUESTMEM_TEST_KILLS'] ?? 500);
const size = 3n * page;
/** Between two ranges is a page that nobody converts. */
const stride = 4n * page;

describe(`a VMM whose injector is killed as it converts memory, ${kills} times`, function () {
    this.timeout(Math.max(1_200_000, kills * 2000));
    before('the tracepoint', function () {
        requireTracepoint(this, event);
    });
    before(buildPrograms);
    // As many injections as leave a range of their own in the memslot.
    const vmm = suiteVmm(['--type', 'sw-protected', '--vcpus', '2', '--rate', '50', '--gmem', '256M']);

    for (const [at, share] of [['each', 0.6], ['random', 0.4]] as const) {
        it(`at ${at === 'each' ? 'each step' : 'random moments'} converts wholly or not at all`, async () => {
            const slot = vmm().report.memslots.find((candidate) => candidate.size === hex(256n << 20n)) ?? assert.fail('no large memslot');
            const gpa = startOf(slot);
            const end = gpa + BigInt(slot.size);
            const privateNow = async () =>
                privateRanges(await guestmemJson<PageMap>(['map', vmm().id, '--range', `${slot.gpa}+${slot.size}`]));
            const before = await privateNow();
            assert.deepEqual(before, []);
            const tracepoint = new Tracepoint(event);
            const outcomes = await killInjectors(vmm(), { kills: Math.ceil(kills * share), at, gpa, size, attributes: 8, stride });
            const traced = tracepoint.finish().map((call) => /^(0x[0-9a-f]+) -- (0x[0-9a-f]+) \[(0x[0-9a-f]+)\]$/.exec(call) ?? assert.fail(call));
            const calls = traced
                .map(([, first = '', last = '', attributes = '']) => ({ first: BigInt(first) * page, end: BigInt(last) * page, attributes }))
                .filter((call) => call.first >= gpa && call.first < end);

            const ranges = await privateNow();
            assert.deepEqual(ranges.map(({ gpa, size }) => ({ first: gpa, size })), calls.map((call) => ({ first: hex(call.first), size: hex(size) })));
            for (const call of calls) {
                assert.deepEqual([(call.first - gpa) % stride, call.end - call.first, call.attributes], [0n, size, '0x8']);
            }
            for (const outcome of outcomes) assert.ok(outcome.kind === 'returned' && outcome.value === 0, JSON.stringify(outcome));
            assert.ok(ranges.length >= outcomes.length, `${ranges.length} conversions, of which ${outcomes.length} are known to be done`);
            console.log(`      ${ranges.length} conversions were made`);
            await checkAtWork(vmm());
            await vmm().setAttribute(gpa, BigInt(slot.size), 'shared');
        });
    }
});
