/** What `explain` says of addresses, held against the VMM's own report and against what the guest's accesses then come to. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import type { AddressLookup, AddressQuery } from '../../src/common/explain/addressLookup';
import type { AccessOutcome, AddressFacts } from '../../src/common/explain/explanation';
import type { AgentProcess } from './agentProcess';
import type { DemoAccess, DemoVmm } from './demoVmm';
import { framesOf } from './pagemap';
import { endOf, hex, page, startOf } from './pages';
import { suiteAgent } from './suiteAgent';
import { suiteVmm } from './suiteVmm';

export const resultOf = ({ exit }: DemoAccess): AccessOutcome['result'] => (exit === 'shutdown' ? 'refused' : (exit ?? 'memory'));

/** Asks an agent; what it answers is held to no schema here, the command line's tests do that. */
export interface Explainer {
    readonly explain: (gpa: bigint) => Promise<AddressFacts>;
    readonly locate: (query: AddressQuery) => Promise<AddressLookup>;
}

export function suiteExplainer(vmm: () => DemoVmm, environment: NodeJS.ProcessEnv = {}): Explainer & { readonly agent: () => AgentProcess } {
    const agent = suiteAgent(() => environment);
    return {
        agent,
        explain: (gpa) => agent().request('explain', { vm: vmm().id, addressSpace: 0, gpa: hex(gpa) }),
        locate: (query) => agent().request('locate', { vm: vmm().id, query }),
    };
}

/** Predicts a read and a write at each address, then has the guest make them. Returns the results that were seen. */
export async function assertPredicted(vmm: DemoVmm, { explain }: Explainer, gpas: readonly bigint[]): Promise<Set<string>> {
    const seen = new Set<string>();
    for (const gpa of gpas) {
        for (const way of ['read', 'write'] as const) {
            const facts = await explain(gpa);
            const predicted = facts.accesses[facts.run.attribute][way];
            const { run, memslot } = facts;
            const happened = await (way === 'read' ? vmm.read(gpa) : vmm.write(gpa, 7));
            // Where KVM emulates the instruction, what the VMM's mapping does not permit looks like MMIO.
            const result = predicted.result === 'efault' && happened.exit === 'mmio' ? 'efault' : resultOf(happened);
            assert.equal(predicted.result, result, `${way} at ${hex(gpa)}: ${JSON.stringify({ run, memslot, predicted, happened })}`);
            const then = await explain(gpa);
            if (predicted.result === 'memory') {
                const side = predicted.side === 'hva' ? then.run.hvaBacking : then.run.gmemBacking;
                assert.ok(side.state !== 'absent' && side.state !== 'none', `${way} at ${hex(gpa)} left a page on the ${predicted.side ?? ''} side`);
            }
            seen.add(`${facts.run.attribute} ${predicted.result} ${predicted.side ?? ''} ${String(predicted.allocates)}`);
        }
    }
    return seen;
}

export function describeLookups(words: readonly string[]): void {
    describe('addresses of other kinds', () => {
        const vmm = suiteVmm(['--rate', '0', ...words]);
        const explainer = suiteExplainer(vmm);
        const places = async (query: AddressQuery) => (await explainer.locate(query)).places;

        it('HVA: leads to the GPA of every memslot, first and last byte, and back', async () => {
            for (const slot of vmm().report.memslots) {
                for (const offset of [0n, BigInt(slot.size) - 1n]) {
                    const [hva, gpa] = [hex(BigInt(slot.hva) + offset), hex(startOf(slot) + offset)];
                    assert.deepEqual(await places({ kind: 'hva', hva }), [{ addressSpace: 0, gpa }]);
                    if (offset === 0n) assert.equal((await explainer.explain(BigInt(gpa))).hva, hva);
                }
            }
        });

        it('HVA: of no memslot leads nowhere, and what is there instead is said', async () => {
            const highest = vmm().report.memslots.reduce((most, { hva, size }) => (BigInt(hva) + BigInt(size) > most ? BigInt(hva) + BigInt(size) : most), 0n);
            const { places: none, steps } = await explainer.locate({ kind: 'hva', hva: hex(highest + (1n << 46n)) });
            assert.deepEqual(none, []);
            assert.match(steps.map(({ text }) => text).join(' '), /No memslot has HVA .* has nothing mapped there/);
        });

        it('guest_memfd: an offset leads to the GPA that is bound there, and back', async () => {
            const slots = vmm().report.memslots.filter(({ guestMemfd }) => guestMemfd !== null);
            for (const slot of slots) {
                const inode = statSync(`/proc/${vmm().report.pid}/fd/${slot.guestMemfd?.fd ?? -1}`).ino;
                const gpa = hex(endOf(slot) - page);
                const offset = hex(BigInt(slot.guestMemfd?.offset ?? 0) + BigInt(slot.size) - page);
                assert.deepEqual(await places({ kind: 'guest-memfd', inode, offset }), [{ addressSpace: 0, gpa }]);
                const { guestMemfd } = await explainer.explain(BigInt(gpa));
                assert.deepEqual([guestMemfd?.inode, guestMemfd?.offset], [inode, offset]);
            }
            if (slots.length === 0) assert.deepEqual(vmm().report.guestMemfds, []);
        });

        it('guest_memfd: the VM has none of that inode, so it is refused with those that it has', async () => {
            await assert.rejects(places({ kind: 'guest-memfd', inode: 999_999_999, offset: '0x0' }), /has no guest_memfd with inode 999999999/);
        });

        it('PFN: leads to the GPA whose HVA maps this frame, as /proc/PID/pagemap has it', async () => {
            const slot = vmm().memslot('memfd');
            const gpa = startOf(slot.touched ?? slot);
            const [frame] = framesOf(vmm().report.pid, BigInt(slot.hva) + gpa - startOf(slot), 1);
            assert.ok(frame !== undefined && frame !== 0n, 'the page is in memory, and the test may see its frame');
            assert.deepEqual(await places({ kind: 'pfn', pfn: hex(frame) }), [{ addressSpace: 0, gpa: hex(gpa) }]);
            // The first pages of a machine's memory are the firmware's.
            const { places: none, steps, unknown } = await explainer.locate({ kind: 'pfn', pfn: '0x0' });
            assert.deepEqual(none, []);
            assert.match(steps.map(({ text }) => text).join(), /maps PFN 0x0 at no HVA of a memslot/);
            assert.match(unknown.map(({ reason }) => reason).join(), new RegExp(`only a file holds.* in memslot [0-9, ]*\\b${slot.id}\\b`));
        });

        it('GVA: leads through the tables that the VMM gave its guest', async () => {
            assert.deepEqual(await places({ kind: 'gva', gva: '0x1234', vcpu: 0 }), [{ addressSpace: 0, gpa: '0x1234' }]);
            // The guest's window shows the memory that it last accessed.
            const slot = vmm().memslot('memfd');
            await vmm().read(startOf(slot) + 0x123n);
            const window = 0x20_0000n;
            const gva = hex(window + ((startOf(slot) + 0x123n) & (window - 1n)));
            const { places: found, steps } = await explainer.locate({ kind: 'gva', gva, vcpu: 0 });
            assert.deepEqual(found, [{ addressSpace: 0, gpa: hex(startOf(slot) + 0x123n) }], JSON.stringify(steps));
            assert.match(steps.at(-1)?.text ?? '', /a page of 2 MiB/);
        });

        it('GVA: that the guest has not mapped leads nowhere, and the entry that says so is named', async () => {
            const { places: none, steps } = await explainer.locate({ kind: 'gva', gva: hex(1n << 40n), vcpu: 0 });
            assert.deepEqual(none, []);
            assert.match(steps.at(-1)?.text ?? '', /PML4 entry at GPA 0x1010: 0x0, not present/);
            await assert.rejects(places({ kind: 'gva', gva: '0x0', vcpu: 7 }), /has no vCPU 7 .* those with one are 0/);
        });
    });
}
