/** Injectors that are killed while they change a demo VMM at work, and what the VMM is then asked. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoVmm } from './demoVmm';
import { drive, sumOf, type DriverOutcome } from './injection';
import { startOf } from './pages';

/** demo/mailbox.h: in memslot 0, one after the other, and in each how often the guest went round. */
const mailboxes = 0x4000n;
const mailboxSize = 32n;
const ticksInMailbox = 24n;
const patience = 120_000;

export interface KilledInjectors {
    readonly kills: number;
    /** 'each' step, or a 'random' moment. */
    readonly at: 'each' | 'random';
    readonly gpa: bigint;
    readonly size: bigint;
    readonly attributes: number;
    /** How far the range of each injection is behind the one before. */
    readonly stride: bigint;
}

/** KVM_SET_MEMORY_ATTRIBUTES by each thread in turn; the outcomes of injectors that lived. */
export async function killInjectors(vmm: DemoVmm, { kills, at, gpa, size, attributes, stride }: KilledInjectors): Promise<readonly DriverOutcome[]> {
    const { pid, vmFd } = vmm.report;
    const threads = readdirSync(`/proc/${pid}/task`).join(',');
    const options = ['--kills', kills, '--kill-at', at, '--only', threads, '--stride', `0x${stride.toString(16)}`];
    const { outcomes, killedAt } = await drive([...options, pid, 'attributes', vmFd, `0x${gpa.toString(16)}`, `0x${size.toString(16)}`, attributes]);
    assert.equal(sumOf(killedAt), kills);
    console.log(`      killed ${Object.entries(killedAt).map(([step, times]) => `${times} times after '${step}'`).join(', ')}; ${outcomes.length} lived`);
    for (const step of at === 'each' ? ['seize', 'wait', 'write registers', 'resume to system call', 'detach'] : []) {
        assert.ok((killedAt[step] ?? 0) > 0, `none was killed after '${step}'`);
    }
    return outcomes;
}

/** All its vCPUs go round, and the guest reads what it writes. */
export async function checkAtWork(vmm: DemoVmm): Promise<void> {
    const { vcpus } = vmm.report;
    for (let id = 0n; id < BigInt(vcpus); id++) {
        const ticks = () => vmm.read(mailboxes + id * mailboxSize + ticksInMailbox).then(({ value }) => value);
        const before = await ticks();
        const deadline = Date.now() + patience;
        while ((await ticks()) === before) {
            assert.ok(Date.now() < deadline, `vCPU ${id} no longer goes round`);
            await sleep(5);
        }
    }
    const gpa = startOf(vmm.memslot('memfd')) + 0x3000n;
    for (const byte of [0x5a, 0xa5]) {
        await vmm.write(gpa, byte);
        assert.equal((await vmm.read(gpa)).value, byte);
    }
    assert.equal(vmm.running, true);
}
