/**
 * What a refresh of the page map costs an agent while nothing changes, beside the first read of the same: of memory that
 * is read page by page, and of many memslots. Needs /dev/kvm and root.
 */
import { AgentProcess } from '../test/support/agentProcess';
import { DemoVmm } from '../test/support/demoVmm';
import { hex } from '../test/support/pages';
import { fastest, report } from './stopwatch';

const repeats = 20;
const gibibyte = 2 ** 30;

async function refresh(title: string, words: readonly string[], prepare: (vmm: DemoVmm) => Promise<void>): Promise<void> {
    const vmm = await DemoVmm.start([...words, '--rate', '0']);
    const agent = new AgentProcess();
    try {
        await prepare(vmm);
        // From the large memslot on: below is a guest_memfd that is not bound throughout, of which no map is kept.
        const start = 4 * gibibyte;
        let reach = 2 ** 40;
        const ask = () => agent.request('map', { vm: vmm.id, addressSpace: 0, range: { gpa: hex(BigInt(start)), size: hex(BigInt(reach)) } });
        const first = await fastest(repeats, () => {
            reach += 4096; // What nobody asked for before is read.
            return ask();
        });
        const again = await fastest(repeats, ask);
        report(`refresh, ${title}`, again, first / 10, { 'first read': first });
    } finally {
        await agent.end();
        await vmm.stop();
    }
}

/** 2,048 pages anywhere in a large memslot; what the walk itself takes is told by bench/nested/walks.bench.ts. */
async function viewport(): Promise<void> {
    const vmm = await DemoVmm.start(['--memory', '64G', '--rate', '0']);
    const agent = new AgentProcess();
    const window = 2 ** 23;
    let round = 0;
    const took = await fastest(repeats * 10, () => {
        const gpa = hex(BigInt(4 * gibibyte + ((round++ * 7919) % 8000) * window));
        return agent.request('map', { vm: vmm.id, addressSpace: 0, range: { gpa, size: hex(BigInt(window)) } });
    });
    report('viewport of 2,048 pages, the whole request', took, 1);
    await agent.end();
    await vmm.stop();
}

await viewport();
await refresh('4 GiB in pages of 4 KiB', ['--memory', '4G'], async (vmm) => {
    await vmm.changeHostMemory(4n * BigInt(gibibyte), 4n * BigInt(gibibyte), 'touch');
});
await refresh('8,000 memslots', ['--slots', '8000'], () => Promise.resolve());
