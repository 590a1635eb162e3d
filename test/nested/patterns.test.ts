/** Patterns that are found in the private memory of a real VM: each is made to happen, and found with place, rate and threads. */
import assert from 'node:assert/strict';
import type { Finding, FindingKind } from '../../src/common/finding';
import { toHex } from '../../src/common/address';
import { guestmemJson } from '../support/guestmem';
import { endOf, page, startOf } from '../support/pages';
import { suiteAgent } from '../support/suiteAgent';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { Watching } from '../support/watching';

const range = (gpa: bigint, size: bigint) => ({ gpa: toHex(gpa), size: toHex(size) });

/** The one finding of this kind; no other kinds than those that are named. */
function onlyOf(kind: FindingKind, findings: readonly Finding[], ...others: readonly FindingKind[]): Finding {
    const unexpected = findings.filter((finding) => finding.kind !== kind && !others.includes(finding.kind));
    assert.deepEqual(unexpected.map(({ title }) => title), []);
    const [finding, second] = findings.filter((candidate) => candidate.kind === kind);
    assert.equal(second, undefined);
    return finding ?? assert.fail(`${kind} was not found`);
}

describe('patterns in private memory', () => {
    const vmm = suiteVmm(['--type', 'sw-protected', '--memory', '64M']);
    const vcpuThread = async () => (await guestmemJson<{ vcpus: { tid: number | null }[] }>(['show', vmm().id])).vcpus[0]?.tid ?? assert.fail('no vCPU');
    const large = () => vmm().report.sweep ?? assert.fail('the guest converts nothing');
    before('the guest is quiet', () => vmm().setPaused(true));

    it('conversions to and fro are found, with their range, rate and callers', async () => {
        const gpa = endOf(large()) + 16n * page;
        const watching = await Watching.begin(vmm().id);
        for (let turn = 0; turn < 20; turn++) await vmm().setAttribute(gpa, 4n * page, turn % 2 === 0 ? 'private' : 'shared');
        const { end } = await watching.end();
        const finding = onlyOf('ping-pong-conversion', end.patterns);
        assert.deepEqual(finding.ranges, [range(gpa, 4n * page)]);
        assert.equal(finding.bytes, Number(4n * page));
        assert.equal(finding.seen?.times, 19);
        assert.ok((finding.seen.perSecond ?? 0) > 0);
        assert.deepEqual(finding.seen.threads, [vmm().report.pid]);
        assert.match(finding.explanation, /No KVM_HC_MAP_GPA_RANGE of the guest came before/);
    });

    it('which vCPU wanted what, when a page is touched as private again and again and nobody converts it: a fault loop', async () => {
        const gpa = startOf(vmm().memslot('dirty-logged')) + 32n * page;
        await vmm().setAttribute(gpa, page, 'private');
        const watching = await Watching.begin(vmm().id);
        for (let round = 0; round < 12; round++) assert.equal((await vmm().read(gpa)).exit, 'memory-fault');
        const { end } = await watching.end();
        await vmm().setAttribute(gpa, page, 'shared');
        const finding = onlyOf('fault-loop', end.patterns, 'conversion-without-guest-memfd');
        assert.deepEqual(finding.ranges, [range(gpa, page)]);
        assert.deepEqual(finding.seen?.threads, [await vcpuThread()]);
        assert.deepEqual(finding.seen.vcpus, [0]);
        assert.ok(finding.seen.times >= 12 && (finding.seen.perSecond ?? 0) > 0, JSON.stringify(finding.seen));
        assert.match(finding.explanation, /private accesses, and slot \d+ has no guest_memfd/);
    });

    it('converting memory without guest_memfd to private: tells what owns the GPA, memory or MMIO', async () => {
        const slot = vmm().memslot('dirty-logged');
        const watching = await Watching.begin(vmm().id);
        for (const gpa of [startOf(slot), 0xfed45000n]) {
            await vmm().setAttribute(gpa, page, 'private');
            await vmm().setAttribute(gpa, page, 'shared');
        }
        const { end } = await watching.end();
        const findings = end.patterns;
        assert.deepEqual(findings.map(({ kind, ranges }) => ({ kind, ranges })), [
            { kind: 'conversion-without-guest-memfd', ranges: [range(startOf(slot), page)] },
            { kind: 'conversion-without-guest-memfd', ranges: [range(0xfed45000n, page)] },
        ]);
        assert.match(findings[0]?.explanation ?? '', new RegExp(`slot ${slot.id} is memory without guest_memfd.*made by the VMM once, by thread ${vmm().report.pid}`));
        assert.match(findings[1]?.explanation ?? '', /no memslot is there: the guest reaches the VMM's devices \(MMIO\)/);
    });

    it('memory that comes to be backed twice is found, as much as there is of it, and not what is given back in time', async () => {
        const size = 2n << 20n;
        const doubled = endOf(large()) + (8n << 20n);
        const tidy = doubled + (4n << 20n);
        const watching = await Watching.begin(vmm().id);
        for (const gpa of [doubled, tidy]) {
            await vmm().preFault(gpa, size);
            await vmm().setAttribute(gpa, size, 'private');
            if (gpa === tidy) await vmm().changeHostMemory(gpa, size, 'drop');
            await vmm().preFault(gpa, size);
        }
        const { end } = await watching.end();
        const finding = onlyOf('growing-double-backed', end.patterns);
        assert.deepEqual(finding.ranges, [range(doubled, size)]);
        assert.equal(finding.bytes, Number(size));
        assert.ok((finding.seen?.perSecond ?? 0) > 0);
        for (const gpa of [doubled, tidy]) await vmm().setAttribute(gpa, size, 'shared');
    });

    it('the attribute right before each punch: found where it was still private, and who punched', async () => {
        const gpa = endOf(large()) + (20n << 20n);
        const right = gpa + 64n * page;
        for (const at of [gpa, right]) {
            await vmm().setAttribute(at, 8n * page, 'private');
            await vmm().preFault(at, 8n * page);
        }
        const agent = vmm();
        const watching = await Watching.begin(agent.id);
        await vmm().setAttribute(right, 8n * page, 'shared');
        for (const at of [right, gpa]) await guestmemJson(['punch', vmm().id, `${toHex(at)}+0x8000`, '--yes']);
        const finding = await watching.found('wrong-attribute-at-punch');
        const { end } = await watching.end();
        assert.deepEqual(onlyOf('wrong-attribute-at-punch', end.patterns).ranges, [range(gpa, 8n * page)]);
        assert.deepEqual(finding.ranges, [range(gpa, 8n * page)]);
        assert.equal(finding.seen?.threads.length, 1);
        await vmm().setAttribute(gpa, 8n * page, 'shared');
    });

    it('a healthy VM that converts its memory under load has none', async () => {
        await vmm().setPaused(false);
        const watching = await Watching.begin(vmm().id);
        for (let round = 0; round < 40; round++) {
            const gpa = endOf(large()) + (24n << 20n) + BigInt(round) * 16n * page;
            await vmm().setAttribute(gpa, 16n * page, 'private');
            await vmm().write(gpa, round);
            await vmm().read(gpa + page);
        }
        const { events, end } = await watching.end();
        await vmm().setPaused(true);
        assert.ok(events.length > 100, `${events.length} events`);
        assert.deepEqual(end.patterns, []);
    });
});

describe('patterns of a guest that converts without end', () => {
    const vmm = suiteVmm(['--type', 'sw-protected', '--memory', '64K', '--rate', '20']);
    const agent = suiteAgent();

    it('are told by the agent among the findings while it records: asked for by the guest, by which vCPU', async () => {
        const { recording } = await agent().request('startRecording', { vm: vmm().id });
        let finding: Finding | undefined;
        await until('the guest was seen to convert to and fro', async () => {
            const { findings } = await agent().request('findings', { vm: vmm().id });
            finding = findings.find(({ kind }) => kind === 'ping-pong-conversion');
            return finding !== undefined;
        });
        assert.deepEqual(finding?.ranges, [vmm().report.sweep]);
        assert.match(finding.explanation, /To private by thread \d+ \(vCPU 0\), to shared by thread \d+ \(vCPU 0\)\. The guest asked for (them|[\d,]+ of them) \(KVM_HC_MAP_GPA_RANGE\)/);
        assert.ok((finding.seen?.perSecond ?? 0) > 0);
        await agent().request('closeRecording', { recording });
        const after = await agent().request('findings', { vm: vmm().id });
        assert.ok(!after.findings.some(({ kind }) => kind === 'ping-pong-conversion'));
    });
});
