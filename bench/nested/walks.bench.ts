/** Inside the nested machine; bench/nestedWalks.bench.ts boots it for this. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { VmmProcess } from '../../native/index';
import { unpackPageRuns } from '../../src/common/packedRuns';
import { addon } from '../../test/native/addon';
import { AgentProcess } from '../../test/support/agentProcess';
import { DemoVmm } from '../../test/support/demoVmm';
import { drgnWalks, type DrgnWhat } from '../../test/support/drgn';
import { hex } from '../../test/support/pages';
import { fastest, report } from '../stopwatch';

const repeats = 5;
/** As many as plain_copy takes: on a busy machine few of them run undisturbed. */
const copies = 60;
const gibibyte = 2 ** 30;
/** The machine is emulated. */
const patience = 20 * 60_000;
const pagesPerGib = gibibyte / 4096;
const largestGib = 64;
/** How far the private range grows to see what each GiB costs the agent; the kernel's own part of it is 0.5 GiB. */
const mostGib = 256;
/** Of the large memslot, whose other pages nobody uses. */
const mappedPages = 65536;

type Chunk = { readonly next: number | null } | { readonly problem: string } | null;

function walkAll(first: number, end: number, read: (from: number) => Chunk): void {
    for (let from: number | null = first; from !== null && from < end; ) {
        const chunk = read(from);
        if (chunk === null || 'problem' in chunk) throw new Error(`nothing to walk: ${JSON.stringify(chunk)}`);
        from = chunk.next;
    }
}

function plainCopy(vmm: DemoVmm, fd: number, what: number, first: number, end: number): number {
    const words = [vmm.report.pid, fd, what, first, end].map(String);
    return Number(execFileSync('out/bench/nested/plain_copy', words, { encoding: 'utf8' }));
}

/** A walk beside drgn's of the same, and beside a copy of what is walked. */
async function compare(
    vmm: DemoVmm,
    title: string,
    { fd, what, copied, first, end }: { fd: number; what: DrgnWhat; copied: number; first: number; end: number },
    read: (from: number) => Chunk,
): Promise<void> {
    const took = await fastest(copies, () => walkAll(first, end, read));
    const copy = plainCopy(vmm, fd, copied, first, end);
    const drgn = (drgnWalks(vmm.report.pid, [[fd, what]])[0]?.seconds ?? NaN) * 1000;
    report(title, took, undefined, { drgn, 'plain copy': copy });
    console.log(`  ${(drgn / took).toFixed(0)} times as fast as drgn (aim 100), ${(took / copy).toFixed(2)} times the copy (aim 3)`);
}

const largeSlot = (vmm: DemoVmm) => vmm.memslot('guest_memfd', 2);

async function walks(vmm: DemoVmm, process_: VmmProcess): Promise<void> {
    const { vmFd } = vmm.report;
    const large = largeSlot(vmm);
    const pure = vmm.memslot('guest_memfd', 3);
    const gmemFd = pure.guestMemfd?.fd ?? -1;
    const pages = Number(pure.size) / 4096;
    const inode = process_.readGuestMemfd(gmemFd)?.inode ?? -1;
    const problem = process_.changeAllocation(gmemFd, inode, true, 0n, BigInt(pure.size));
    if (problem !== null) throw new Error(`allocating the guest_memfd failed: ${problem}`);
    await compare(
        vmm,
        `page cache, ${pages.toLocaleString('en')} pages`,
        { fd: gmemFd, what: 'pages', copied: 1, first: 0, end: pages },
        (from) => process_.readGuestMemfdPages(gmemFd, from, pages),
    );

    const first = Number(large.gpa) / 4096;
    const end = first + mappedPages;
    await vmm.preFault(BigInt(large.gpa), BigInt(mappedPages) * 4096n);
    await compare(
        vmm,
        `guest mapping, ${(end - first).toLocaleString('en')} pages of 4 KiB`,
        { fd: vmFd, what: 'guest-mapping', copied: 2, first, end },
        (from) => process_.readGuestMapping(vmFd, 0, from, end, false),
    );

    const gib = first + pagesPerGib;
    await vmm.setAttribute(BigInt(large.gpa), BigInt(gibibyte), 'private');
    await compare(
        vmm,
        'attributes, 1 GiB',
        { fd: vmFd, what: 'attributes', copied: 0, first, end: gib },
        (from) => process_.readAttributes(vmFd, from, gib),
    );
}

const residentMib = (pid: number): number => {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s*([0-9]+)/m.exec(status)?.[1]) / 1024;
};

/** The agent's memory while it answers maps of ever more attributes in one run, above what it has at rest. */
async function memoryOf(vmm: DemoVmm): Promise<void> {
    const agent = new AgentProcess(['dist/agent.js'], patience);
    const pid = agent.child.pid ?? 0;
    const { gpa } = largeSlot(vmm);
    const ask = (gib: number) =>
        agent.request('map', {
            vm: vmm.id,
            addressSpace: 0,
            range: { gpa, size: hex(BigInt(gib) * BigInt(gibibyte)) },
        });
    for (let warming = 0; warming < repeats; warming++) await ask(1);
    const idle = residentMib(pid);
    const grown: number[] = [];
    const sizes = [largestGib / 2, largestGib, largestGib * 2, mostGib];
    for (const gib of sizes) {
        await vmm.setAttribute(BigInt(gpa), BigInt(gib) * BigInt(gibibyte), 'private');
        const began = performance.now();
        const map = await ask(gib);
        const took = performance.now() - began;
        const refresh = gib > largestGib ? null : await fastest(repeats, () => ask(gib));
        const above = residentMib(pid) - idle;
        grown.push(above);
        console.log(`attributes, ${gib} GiB in ${unpackPageRuns(map.runs).count} run(s): agent ${above.toFixed(1)} MiB above idle (aim 20)`);
        if (refresh !== null) report('  refresh with nothing changed', refresh, took / 10, { 'first read': took });
    }
    const last = grown.at(-1) ?? 0;
    const slope = (last - (grown[0] ?? 0)) / (mostGib - (sizes[0] ?? 0));
    console.log(`  ${slope.toFixed(3)} MiB for each further GiB: ${(last + slope * (1024 - mostGib)).toFixed(0)} MiB for 1 TiB`);
    await agent.end();
}

/** 2,048 pages anywhere in what is private now. */
async function viewports(vmm: DemoVmm, process_: VmmProcess): Promise<void> {
    const window = 2048;
    const agent = new AgentProcess(['dist/agent.js'], patience);
    let round = 0;
    const base = Number(largeSlot(vmm).gpa) / 4096;
    const next = () => base + ((round++ * 7_919_573) % (largestGib * pagesPerGib - window));
    const call = await fastest(200, () => {
        const first = next();
        walkAll(first, first + window, (from) => process_.readAttributes(vmm.report.vmFd, from, first + window));
    });
    const ask = () => {
        const range = { gpa: hex(BigInt(next()) * 4096n), size: hex(BigInt(window) * 4096n) };
        return agent.request('map', { vm: vmm.id, addressSpace: 0, range });
    };
    for (let warming = 0; warming < 20; warming++) await ask();
    const request = await fastest(40, ask);
    report('viewport of 2,048 pages, the call alone', call, 1);
    report('viewport of 2,048 pages, the whole request, emulated', request);
    await agent.end();
}

const vmm = await DemoVmm.start(['--type', 'sw-protected', '--rate', '0', '--memory', `${mostGib}G`, '--gmem', '256M']);
const process_ = new addon.VmmProcess(vmm.report.pid);
try {
    await walks(vmm, process_);
    await memoryOf(vmm);
    await viewports(vmm, process_);
} finally {
    process_.close();
    await vmm.stop();
}
