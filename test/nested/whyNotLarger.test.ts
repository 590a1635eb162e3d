/** Why KVM maps no larger page for the guest: VMs in which one thing is against it, and the same without it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { DemoMemslot, DemoVmm } from '../support/demoVmm';
import { assertCounts, mappingAgent } from '../support/guestMappings';
import { page, startOf } from '../support/pages';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';

const MiB = 1n << 20n;
const largePage = 2n * MiB;

const largeSlot = (vmm: DemoVmm): DemoMemslot =>
    vmm.report.memslots.find(({ gpa }) => gpa === '0x100000000') ?? assert.fail('no large memslot');

describe('why the guest mapping is not larger', () => {
    const { pageAt, runs } = mappingAgent();
    const told = async (vmm: DemoVmm, gpa: bigint) => {
        const { guestMapping, whyNotLarger } = await pageAt(vmm, gpa);
        return [guestMapping?.level, ...(whyNotLarger ?? ['not told'])];
    };
    /** The guest uses the page, and then it is looked at. */
    const used = async (vmm: DemoVmm, gpa: bigint) => {
        await vmm.write(gpa, 1);
        return told(vmm, gpa);
    };

    describe('in a slot of large pages that ends amid one', () => {
        const vmm = suiteVmm(['--memory', '65M', '--populate']);
        const gpa = (offset: bigint) => startOf(largeSlot(vmm())) + offset;

        it('is nothing for 2 MiB, where one is mapped; 1 GiB are beyond the slot and its memory', async () => {
            const [level, ...reasons] = await used(vmm(), gpa(2n * largePage));
            assert.equal(level, '2M');
            // Where the memory lies within 1 GiB is chance.
            assert.deepEqual(reasons.filter((reason) => reason !== 'misaligned'), ['slot-edge', 'host-page']);
        });

        it('is the slot’s edge in its last MiB, although the memory goes on', async () =>
            assert.deepEqual(await used(vmm(), gpa(64n * MiB)), ['4K', 'slot-edge']));

        it('is not told where nothing is mapped', async () =>
            assert.deepEqual(await told(vmm(), gpa(8n * largePage)), ['none', 'not told']));

        it('is the dirty log while KVM logs, page by page and after a write fault each', async () => {
            const at = gpa(4n * largePage);
            assert.equal((await used(vmm(), at))[0], '2M');
            const { id } = largeSlot(vmm());
            await vmm().setDirtyLogging(id, true);
            // The first write tells KVM to map single pages, if it did not split the large one at once.
            await vmm().write(at, 1);
            await vmm().takeDirtyLog(id);
            assert.deepEqual(await told(vmm(), at), ['4K', 'dirty-logging']);
            assert.equal((await pageAt(vmm(), at)).guestMapping?.writable, false);
            await vmm().write(at, 1);
            assert.equal((await pageAt(vmm(), at)).guestMapping?.writable, true);
            assertCounts(vmm(), await runs(vmm()));
            await vmm().setDirtyLogging(id, false);
            assert.equal((await used(vmm(), at))[0], '2M');
        });
    });

    describe('in a slot that lies differently within large pages than its memory', () => {
        const vmm = suiteVmm(['--memory', '64M', '--populate', '--misalign']);
        it('is just this', async () =>
            assert.deepEqual(await used(vmm(), startOf(largeSlot(vmm())) + 2n * largePage), ['4K', 'misaligned']));
    });

    describe('in a slot of small pages', () => {
        const vmm = suiteVmm();

        it('is the page behind it', async () =>
            assert.deepEqual(await used(vmm(), startOf(largeSlot(vmm())) + largePage), ['4K', 'host-page']));

        it('is the guest_memfd’s page where the guest uses that', async () => {
            const [level, ...reasons] = await told(vmm(), startOf(vmm().memslot('guest_memfd')));
            assert.equal(level, '4K');
            assert.deepEqual(reasons.filter((reason) => reason !== 'misaligned'), ['slot-edge', 'host-page']);
        });

        it('is the zero page’s size where the guest only read', async () => {
            const gpa = startOf(largeSlot(vmm())) + 2n * largePage;
            await vmm().read(gpa);
            assert.deepEqual(await told(vmm(), gpa), ['4K', 'host-page']);
            assert.equal((await pageAt(vmm(), gpa)).hvaBacking.state, 'zero');
        });
    });

    describe('in a region of which one page is private', () => {
        const vmm = suiteVmm(['--type', 'sw-protected', '--memory', '64M', '--populate']);
        before('stop the guest’s own conversions', () => vmm().setPaused(true));

        it('is that the attributes are mixed, there alone', async () => {
            const region = startOf(largeSlot(vmm())) + 8n * largePage;
            await vmm().setAttribute(region + 5n * page, page, 'private');
            assert.deepEqual(await used(vmm(), region), ['4K', 'mixed-attributes']);
            assert.deepEqual(await used(vmm(), region + 5n * page), ['4K', 'mixed-attributes', 'host-page']);
            assert.equal((await used(vmm(), region + largePage))[0], '2M');
            await vmm().setAttribute(region + 5n * page, page, 'shared');
            // What KVM has mapped stays so, although nothing is against more any longer.
            assert.deepEqual(await told(vmm(), region), ['4K']);
            assertCounts(vmm(), await runs(vmm()));
        });
    });

    describe('with hugetlb pages of 1 GiB', () => {
        before(function () {
            const free = '/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages';
            if (!existsSync(free) || readFileSync(free, 'utf8').trim() === '0') {
                skip(this, 'needs a hugetlb page of 1 GiB: boot with hugepagesz=1G hugepages=1 and memory enough');
            }
        });
        const vmm = suiteVmm(['--type', 'sw-protected', '--memory', '1G', '--hugetlb', '1G']);
        before('stop and undo the guest’s own conversions', async () => {
            await vmm().setPaused(true);
            const { sweep } = vmm().report;
            if (sweep !== null) await vmm().setAttribute(startOf(sweep), BigInt(sweep.size), 'shared');
        });
        const inTheMiddle = 512n * MiB;

        it('is nothing, for one is mapped', async () => {
            const { gpa, size } = largeSlot(vmm());
            assert.deepEqual(await used(vmm(), BigInt(gpa) + inTheMiddle), ['1G']);
            assert.deepEqual(await told(vmm(), BigInt(gpa) + BigInt(size) - page), ['1G']);
            assertCounts(vmm(), await runs(vmm()));
        });

        it('is that the attributes are mixed, for the sizes that they are mixed in', async () => {
            const middle = startOf(largeSlot(vmm())) + inTheMiddle;
            await vmm().setAttribute(middle, page, 'private');
            assert.deepEqual(await used(vmm(), middle + page), ['4K', 'mixed-attributes']);
            assert.deepEqual(await used(vmm(), middle + largePage), ['2M', 'mixed-attributes']);
            assertCounts(vmm(), await runs(vmm()));
        });
    });
});
