/** Guest mappings as KVM itself counts them, and page runs from one agent. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { unpackPageRuns } from '../../src/common/packedRuns';
import { toHex } from '../../src/common/address';
import type { AddressFacts } from '../../src/common/explain/explanation';
import type { PageRun } from '../../src/common/model';
import { pageRunAt } from '../../src/common/pageRuns';
import type { WireRange } from '../../src/common/range';
import type { DemoVmm } from './demoVmm';
import { page } from './pages';
import { suiteAgent } from './suiteAgent';

const sizes = { '4K': 0x1000n, '2M': 0x20_0000n, '1G': 0x4000_0000n } as const;

/** The runs have as many pages of each size as KVM counts in the whole VM. */
export function assertCounts({ report: { pid, vmFd } }: DemoVmm, runs: readonly PageRun[]): void {
    for (const [level, size] of Object.entries(sizes)) {
        const mapped = runs.filter(({ guestMapping }) => guestMapping?.level === level).reduce((sum, run) => sum + BigInt(run.size), 0n);
        const counted = readFileSync(`/sys/kernel/debug/kvm/${pid}-${vmFd}/pages_${level.toLowerCase()}`, 'utf8');
        assert.equal(mapped / size, BigInt(counted.trim()), `pages of ${level}`);
        assert.equal(mapped % size, 0n, `pages of ${level}`);
    }
}

interface MappingAgent {
    readonly runs: (vmm: DemoVmm, more?: { range?: WireRange; accessed?: boolean }) => Promise<PageRun[]>;
    readonly pageAt: (vmm: DemoVmm, gpa: bigint, accessed?: boolean) => Promise<PageRun>;
    readonly explain: (vmm: DemoVmm, gpa: bigint) => Promise<AddressFacts>;
}

/** Call it inside `describe`; what it returns looks at VMs through an agent that serves the whole suite. */
export function mappingAgent(): MappingAgent {
    const agent = suiteAgent();
    const runs: MappingAgent['runs'] = async (vmm, more = {}) => {
        const map = await agent().request('map', { vm: vmm.id, addressSpace: 0, ...more });
        const columns = unpackPageRuns(map.runs);
        return Array.from({ length: columns.count }, (_, index) => pageRunAt(columns, index));
    };
    return {
        runs,
        pageAt: async (vmm, gpa, accessed = false) => {
            const [run] = await runs(vmm, { range: { gpa: toHex(gpa - (gpa % page)), size: toHex(page) }, accessed });
            return run ?? assert.fail(`no page at ${toHex(gpa)}`);
        },
        explain: (vmm, gpa) => agent().request('explain', { vm: vmm.id, addressSpace: 0, gpa: toHex(gpa) }),
    };
}
