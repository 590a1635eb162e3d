/** Inside the nested machine; bench/nestedConversions.bench.ts boots it for this. GUESTMEM_BENCH_CONVERSIONS: 10,000. */
import { loadavg } from 'node:os';
import { AgentProcess } from '../../test/support/agentProcess';
import { DemoVmm } from '../../test/support/demoVmm';
import { hex, startOf } from '../../test/support/pages';
import { manyConversions } from '../manyConversions';
import { fastest, report } from '../stopwatch';

/** A conversion, and then the page map as it is asked for after each one. */
async function conversionUntilMap(): Promise<void> {
    const vmm = await DemoVmm.start(['--type', 'sw-protected', '--rate', '0']);
    const agent = new AgentProcess(['dist/agent.js'], 20 * 60_000);
    try {
        const gpa = hex(startOf(vmm.memslot('guest_memfd', 1)));
        let to: 'private' | 'shared' = 'shared';
        const took = await fastest(10, async () => {
            to = to === 'private' ? 'shared' : 'private';
            await agent.request('convert', { vm: vmm.id, range: { gpa, size: '0x10000' }, to, dryRun: false });
            await agent.request('map', { vm: vmm.id, addressSpace: 0 });
        });
        report('from a conversion to the map that shows it, emulated', took);
    } finally {
        await agent.end();
        await vmm.stop();
    }
}

console.log(`load inside the machine ${loadavg().map((load) => load.toFixed(1)).join(' ')}`);
await conversionUntilMap();
await manyConversions(Number(process.env['GUESTMEM_BENCH_CONVERSIONS'] ?? 10_000));
