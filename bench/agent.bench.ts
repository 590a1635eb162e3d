/**
 * How long the agent takes to answer, seen from the other end of its pipe, beside the kernel's own interfaces for the
 * same memory in the same run. Needs /dev/kvm, root, and 9 GiB of free memory for the populated guest_memfd.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { protocolVersion } from '../src/common/agentProtocol';
import { messagePackCodec } from '../src/common/messagePackCodec';
import { AgentProcess } from '../test/support/agentProcess';
import { DemoVmm } from '../test/support/demoVmm';
import { fastest, report } from './stopwatch';

/** Enough for the agent to be warm: its code is compiled as it runs. */
const repeats = 40;
const gibibyte = 2 ** 30;

async function withDemo(words: readonly string[], measure: (vmm: DemoVmm) => Promise<void>): Promise<void> {
    const vmm = await DemoVmm.start(words);
    try {
        await measure(vmm);
    } finally {
        await vmm.stop();
    }
}

/** From the click on the view until the first tree: a new process, the handshake, the list, one VM's details. */
async function firstTree(): Promise<void> {
    await withDemo([], async (vmm) => {
        const took = await fastest(3, async () => {
            const agent = new AgentProcess();
            await agent.request('initialize', { protocol: protocolVersion });
            await agent.request('vms', {});
            await agent.request('show', { vm: vmm.id });
            await agent.end();
        });
        report('first tree, agent start included', took, 1000);
    });
}

/** The aim is for the agent's side, its encoding included; what the client takes to decode the answer is told apart. */
async function show(slots: number, aim: number): Promise<void> {
    await withDemo(['--slots', String(slots), '--slot-size', '4K'], async (vmm) => {
        const agent = new AgentProcess();
        const ask = () => agent.request('show', { vm: vmm.id });
        const took = await fastest(repeats, ask);
        const answer = await messagePackCodec.encode({ jsonrpc: '2.0', ...(await ask()) });
        const decoding = await fastest(repeats, () => messagePackCodec.decode(answer));
        const maps = await fastest(repeats, () => execFileSync('cat', [`/proc/${vmm.report.pid}/maps`]));
        report(`show, ${slots} memslots`, took - decoding, aim, { 'cat /proc/PID/maps': maps });
        report(`  and its decoding by the client`, decoding);
        await agent.end();
    });
}

interface Peers {
    readonly cachestat: number | null;
    readonly mincore: number | null;
    readonly pagemapScan: number | null;
}

async function map(peersProgram: string): Promise<void> {
    const size = Math.min(8, Math.floor(freemem() / gibibyte) - 1);
    if (size < 8) console.log(`map: only ${size} GiB of 8 GiB fit into the free memory; the aim is for 8 GiB`);
    await withDemo(['--gmem', `${size}G`, '--populate'], async (vmm) => {
        const slot = vmm.report.memslots.find((candidate) => BigInt(candidate.size) === BigInt(size) * BigInt(gibibyte));
        if (!slot?.guestMemfd) throw new Error('the demo VMM has no memslot of the size that was asked for');
        const fd = slot.guestMemfd.fd;
        const words = [vmm.report.pid, fd, slot.hva, slot.size].map(String);
        const peers = JSON.parse(execFileSync(peersProgram, words, { encoding: 'utf8' })) as Peers;
        const agent = new AgentProcess();
        const took = await fastest(repeats, () => agent.request('map', { vm: vmm.id, addressSpace: 0 }));
        report(`map, ${size} GiB guest_memfd fully populated`, took, 150, {
            cachestat: peers.cachestat,
            mincore: peers.mincore,
            PAGEMAP_SCAN: peers.pagemapScan,
        });
        await agent.end();
    });
}

const scratch = mkdtempSync(join(tmpdir(), 'guestmem-bench-'));
try {
    const peersProgram = join(scratch, 'peers');
    execFileSync('cc', ['-O2', '-o', peersProgram, 'bench/peers.c']);
    await firstTree();
    await show(512, 5);
    await show(8192, 40);
    await map(peersProgram);
} finally {
    rmSync(scratch, { recursive: true, force: true });
}
