/**
 * How long an explanation takes, seen from the other end of the agent's pipe, beside reading /proc/PID/maps of the same
 * VMM in the same run. Needs /dev/kvm and root.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { AgentProcess } from '../test/support/agentProcess';
import { DemoVmm } from '../test/support/demoVmm';
import { fastest, report } from './stopwatch';

/** Enough for the agent to be warm: its code is compiled as it runs. */
const repeats = 40;
/** Milliseconds. */
const aim = 20;

async function explain(title: string, words: readonly string[]): Promise<void> {
    const vmm = await DemoVmm.start(['--rate', '0', ...words]);
    const agent = new AgentProcess();
    try {
        const { pid, memslots } = vmm.report;
        const path = `/proc/${pid}/maps`;
        const peers = {
            'reading /proc/PID/maps': await fastest(repeats, () => readFileSync(path)),
            'cat /proc/PID/maps': await fastest(repeats, () => execFileSync('cat', [path])),
        };
        for (const kind of ['memfd', 'guest_memfd'] as const) {
            const slot = memslots.findLast((candidate) => candidate.kind === kind);
            if (slot === undefined) continue;
            const params = { vm: vmm.id, addressSpace: 0, gpa: slot.gpa };
            report(`explain in ${title}, ${kind}`, await fastest(repeats, () => agent.request('explain', params)), aim, peers);
            const query = { kind: 'hva', hva: slot.hva } as const;
            report(`  locate its HVA`, await fastest(repeats, () => agent.request('locate', { vm: vmm.id, query })), aim);
        }
        const query = { kind: 'gva', gva: '0x1234', vcpu: 0 } as const;
        report(`  locate a GVA`, await fastest(repeats, () => agent.request('locate', { vm: vmm.id, query })), aim);
    } finally {
        await agent.end();
        await vmm.stop();
    }
}

await explain('a small VM', []);
await explain('a VM of 512 memslots', ['--slots', '512', '--slot-size', '4K']);
await explain('a VM of 1 GiB guest_memfd', ['--gmem', '1G', '--populate']);
