/** Findings on VMs with private memory: each is made, found with its bytes and places, and gone once what it says was done. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding, FindingKind } from '../../src/common/finding';
import type { Attribute } from '../../src/common/model';
import type { WireRange } from '../../src/common/range';
import { suiteChangeLog } from '../support/changeLog';
import { doubleBackedTotals } from '../support/doubleBacked';
import type { DemoVmm } from '../support/demoVmm';
import { written } from '../support/findings';
import { mappingAgent } from '../support/guestMappings';
import { hex, page, startOf } from '../support/pages';
import { suiteAgent } from '../support/suiteAgent';
import { suiteVmm } from '../support/suiteVmm';

const MiB = 1n << 20n;
const range = (gpa: bigint, pages: bigint) => `${hex(gpa)}+${hex(pages * page)}`;

/** What one agent answers, with a record of changes of its own. */
function findingAgent() {
    const record = suiteChangeLog();
    const agent = suiteAgent(() => ({ XDG_STATE_HOME: record().folder }));
    const list = ({ id }: DemoVmm) => agent().request('findings', { vm: id });
    return {
        list,
        found: async (vmm: DemoVmm, kind: FindingKind, memslot?: number) =>
            (await list(vmm)).findings.filter((finding) => finding.kind === kind && (memslot === undefined || finding.memslot === memslot)),
        convert: (vmm: DemoVmm, range: WireRange, to: Attribute) => agent().request('convert', { vm: vmm.id, range, to, dryRun: false }),
        punch: (vmm: DemoVmm, range: WireRange) => agent().request('change', { vm: vmm.id, change: { kind: 'punch', ranges: [range] }, dryRun: false }),
    };
}

/** A file system of the test stands for the module, with a limit that a small VM reaches. */
const vfioModule = {
    begin: () => execFileSync('mount', ['-t', 'tmpfs', 'none', '/sys/module']),
    setLimit(limit: number) {
        const folder = '/sys/module/vfio_iommu_type1/parameters';
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, 'dma_entry_limit'), `${limit}\n`);
    },
    end: () => execFileSync('umount', ['/sys/module']),
};

describe('findings: a VM with private memory', () => {
    const agent = findingAgent();
    const vmm = suiteVmm(['--type', 'sw-protected', '--memory', '4M']);
    const slot = () => vmm().memslot('guest_memfd', 1);
    const gpaOf = (index: number) => startOf(slot()) + BigInt(index) * page;
    const found = (kind: FindingKind, memslot: number) => agent.found(vmm(), kind, memslot);
    /** The range that its command line names; the agent then does the same, which under emulation starts in less time. */
    const commandOf = ({ action, ranges: [range] }: Finding, verb: string, ...more: string[]) => {
        assert.ok(range);
        assert.equal(action.command, ['guestmem', verb, vmm().id, `${range.gpa}+${range.size}`, ...more].join(' '));
        return range;
    };

    before('stop the guest’s own conversions', () => vmm().setPaused(true));

    it('are pages that were converted to shared still held in the guest_memfd? yes, until they are punched', async () => {
        await vmm().setAttribute(gpaOf(8), 4n * page, 'private');
        for (const index of [8, 9, 11]) await vmm().write(gpaOf(index), 0x22);
        assert.deepEqual(await found('held-in-guest-memfd', slot().id), []);
        await vmm().setAttribute(gpaOf(8), 4n * page, 'shared');
        const [finding] = await found('held-in-guest-memfd', slot().id);
        assert.ok(finding);
        assert.equal(finding.bytes, 3 * 4096);
        assert.deepEqual(written(finding), [range(gpaOf(8), 2n), range(gpaOf(11), 1n)]);
        await agent.punch(vmm(), commandOf(finding, 'punch'));
        assert.deepEqual((await found('held-in-guest-memfd', slot().id)).map(written), [[range(gpaOf(11), 1n)]]);
        await vmm().write(gpaOf(11), 0x11);
        assert.deepEqual(await found('held-in-guest-memfd', slot().id), [], 'it is double-backed now');
    });

    it('why does memory cost twice? each copy that the guest does not use is found, and what frees it does', async () => {
        await vmm().write(gpaOf(12), 0x11);
        await vmm().setAttribute(gpaOf(12), page, 'private');
        await vmm().write(gpaOf(12), 0x22);
        const findings = await found('double-backed', slot().id);
        assert.deepEqual(findings.map(({ action, ranges }) => [action.does, ranges]).sort(), [
            ['none', [{ gpa: hex(gpaOf(12)), size: '0x1000' }]],
            ['punch', [{ gpa: hex(gpaOf(11)), size: '0x1000' }]],
        ]);
        const sum = findings.reduce((bytes, finding) => bytes + (finding.bytes ?? 0), 0);
        assert.equal(hex(BigInt(sum)), doubleBackedTotals(vmm(), [slot()]).get(slot().id));
        await agent.punch(vmm(), commandOf(findings.find(({ action }) => action.does === 'punch') ?? assert.fail(), 'punch'));
        await vmm().changeHostMemory(gpaOf(12), page, 'drop');
        assert.deepEqual(await found('double-backed', slot().id), []);
        assert.equal((await vmm().read(gpaOf(11))).value, 0x11, 'the guest has what it had');
        assert.equal((await vmm().read(gpaOf(12))).value, 0x22, 'the guest has what it had');
    });

    it('finds private pages without guest_memfd, where the guest cannot go on, until they are shared', async () => {
        const { id, gpa } = vmm().memslot('memfd');
        await vmm().setAttribute(startOf({ gpa, size: '0x0' }) + 3n * page, 2n * page, 'private');
        const [finding] = await found('private-without-guest-memfd', id);
        assert.ok(finding);
        assert.deepEqual([finding.severity, finding.bytes, written(finding)], ['error', 2 * 4096, [range(BigInt(gpa) + 3n * page, 2n)]]);
        assert.equal((await vmm().read(BigInt(gpa) + 3n * page)).exit, 'memory-fault');
        await agent.convert(vmm(), commandOf(finding, 'convert', 'shared'), 'shared');
        assert.deepEqual(await found('private-without-guest-memfd', id), []);
        assert.equal((await vmm().read(BigInt(gpa) + 3n * page)).exit, undefined);
    });

    describe('how fragmented is shared memory?', () => {
        before('give VFIO’s module a limit', () => vfioModule.begin());
        after(() => vfioModule.end());

        it('its pieces are counted against VFIO’s limit', async () => {
            const pieces = async (limit: number) => {
                vfioModule.setLimit(limit);
                return (await agent.found(vmm(), 'fragmented-shared'))[0];
            };
            const few = Number(/in ([0-9]+) pieces/.exec((await pieces(1))?.title ?? '')?.[1] ?? assert.fail());
            for (let index = 16; index < 24; index += 2) await vmm().setAttribute(gpaOf(index), page, 'private');
            const more = few + 4;
            const above = await pieces(more - 1);
            assert.equal(above?.severity, 'warning');
            assert.match(above.title, new RegExp(`in ${more} pieces; VFIO maps at most ${more - 1}$`));
            assert.equal((await pieces(more))?.severity, 'information');
            assert.equal(await pieces(2 * more + 1), undefined);
        });
    });
});

describe('findings: guest memory that is mapped by small pages', () => {
    const agent = findingAgent();
    const { pageAt } = mappingAgent();
    const vmm = suiteVmm(['--type', 'sw-protected', '--memory', '64M', '--populate']);
    const large = () => vmm().report.memslots.find(({ gpa }) => gpa === '0x100000000') ?? assert.fail('no large memslot');
    const found = () => agent.found(vmm(), 'small-guest-pages');
    before('stop the guest’s own conversions', () => vmm().setPaused(true));

    it('is the guest mapped with 4K where 2M would do? where a conversion left it so, until the VMM takes its mapping away', async () => {
        const region = startOf(large()) + 16n * MiB;
        await vmm().setAttribute(region + 5n * page, page, 'private');
        await vmm().write(region, 1);
        assert.deepEqual(await found(), [], 'the attributes are mixed there');
        await vmm().setAttribute(region + 5n * page, page, 'shared');
        const [finding, ...others] = await found();
        assert.ok(finding);
        assert.deepEqual([finding.memslot, others], [large().id, []]);
        assert.ok(finding.ranges.some(({ gpa }) => BigInt(gpa) === region), JSON.stringify(finding.ranges));
        for (const change of ['protect', 'permit'] as const) await vmm().changeHostMemory(region, 2n * MiB, change);
        assert.deepEqual(await found(), []);
        await vmm().write(region, 1);
        assert.equal((await pageAt(vmm(), region)).guestMapping?.level, '2M');
    });
});

describe('findings: does seccomp forbid conversions?', () => {
    const agent = findingAgent();
    const vmm = suiteVmm(['--type', 'sw-protected']);
    const isUnknown = async () => (await agent.list(vmm())).unknown.some(({ field }) => field === 'seccomp');

    it('no without filters; not known, and why, before one was tried; yes after one was refused', async () => {
        await vmm().setPaused(true);
        assert.equal(await isUnknown(), false);
        await vmm().enterSandbox('strict');
        assert.equal(await isUnknown(), true);
        assert.deepEqual(await agent.found(vmm(), 'seccomp-forbids-conversion'), []);
        const { gpa } = vmm().memslot('guest_memfd');
        await assert.rejects(agent.convert(vmm(), { gpa, size: hex(page) }, 'shared'), { code: 'seccomp' });
        const [finding] = await agent.found(vmm(), 'seccomp-forbids-conversion');
        assert.ok(finding?.explanation.includes(`${gpa}+0x1000`));
        assert.equal(await isUnknown(), false);
    });
});
