/**
 * The worst page cache: every other page of a guest_memfd, so that each page is a run of its own. Measured until the
 * columns of all runs are at the client, as typed arrays. Needs /dev/kvm, root, and 11 GiB of free memory for 16 GiB.
 */
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { unpackPageRuns } from '../src/common/packedRuns';
import { AgentProcess } from '../test/support/agentProcess';
import { DemoVmm } from '../test/support/demoVmm';
import { addon } from '../test/native/addon';
import { fastest, report } from './stopwatch';

const gibibyte = 2 ** 30;
const repeats = 5;
/** For 16 GiB: 4.2 million runs. */
const aim = 2000;

/** Of the agent, in user and kernel mode; the kernel counts in hundredths of a second. */
function processorTime(pid: number): number {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Half of it is allocated; the agent and this client hold the runs, which takes as much as a tenth of it. */
const size = Math.min(16, Math.floor((freemem() / gibibyte - 2) * 1.6));
if (size < 16) console.log(`only ${size} GiB of 16 GiB fit into the free memory; the aim is for 16 GiB`);
const vmm = await DemoVmm.start(['--gmem', `${size}G`, '--populate', '--alternate', '--rate', '0']);
const agent = new AgentProcess();
try {
    const slot = vmm.report.memslots.find((candidate) => Number(candidate.size) === size * gibibyte);
    if (!slot?.guestMemfd) throw new Error('the demo VMM has no memslot of the size that was asked for');
    const { gpa, guestMemfd } = slot;
    const range = { gpa, size: slot.size };
    let runs = 0;
    const busy = { agent: Infinity, client: Infinity };
    const took = await fastest(repeats, async () => {
        const before = processorTime(agent.child.pid ?? 0);
        const client = process.cpuUsage();
        const map = await agent.request('map', { vm: vmm.id, addressSpace: 0, range });
        runs = unpackPageRuns(map.runs).count;
        const { user, system } = process.cpuUsage(client);
        busy.agent = Math.min(busy.agent, processorTime(agent.child.pid ?? 0) - before);
        busy.client = Math.min(busy.client, (user + system) / 1000);
    });
    const process_ = new addon.VmmProcess(vmm.report.pid);
    const walk = await fastest(repeats, () => {
        const end = (size * gibibyte) / 4096;
        for (let from: number | null = 0; from !== null; ) {
            from = process_.readGuestMemfdPages(guestMemfd.fd, from, end)?.next ?? null;
        }
    });
    process_.close();
    report(`map, ${size} GiB of alternating pages, ${runs.toLocaleString('en')} runs`, took, aim, { 'the walk alone': walk });
    console.log(`  of which processor time: the agent's ${busy.agent} ms, the client's ${busy.client.toFixed(0)} ms`);
} finally {
    await agent.end();
    await vmm.stop();
}
