/** `guestmem convert` on a VM with private memory: what KVM has afterwards, and what the guest then reads. */
import assert from 'node:assert/strict';
import type { ConvertReport } from '../../src/common/change';
import type { PageMap } from '../../src/common/model';
import { DemoVmm } from '../support/demoVmm';
import { guestmem, guestmemJson } from '../support/guestmem';
import { hex, page, startOf } from '../support/pages';
import { privateRanges } from '../support/privateRanges';
import { suiteVmm } from '../support/suiteVmm';

describe('convert: a sw-protected VM', () => {
    const vmm = suiteVmm(['--type', 'sw-protected']);
    const convert = (gpa: bigint, size: bigint, to: string, ...words: string[]) =>
        guestmemJson<ConvertReport>(['convert', vmm().id, `${hex(gpa)}+${hex(size)}`, to, ...words]);
    const privateNow = async () => privateRanges(await guestmemJson<PageMap>(['map', vmm().id]));
    before('stop the guest’s own conversions', () => vmm().setPaused(true));

    it('only tells, in a dry run, what it would do', async () => {
        const slot = vmm().memslot('guest_memfd', 1);
        const before = await privateNow();
        const report = await convert(startOf(slot), 4n * page, 'private', '--dry-run');
        assert.deepEqual([report.dryRun, report.pagesChanged, report.stoppedMicroseconds], [true, 4, 0]);
        assert.deepEqual(report.previousRuns, [{ gpa: slot.gpa, size: hex(4n * page), attribute: 'shared' }]);
        assert.deepEqual(await privateNow(), before);
    });

    it('makes a range private: the guest reads zeros there, and what it wrote before is still behind the shared side', async () => {
        const slot = vmm().memslot('guest_memfd', 1);
        const gpa = startOf(slot) + 16n * page;
        await vmm().write(gpa, 0x5a);
        const before = await privateNow();

        const report = await convert(gpa, 2n * page, 'private', '--yes');
        assert.deepEqual([report.executor, report.pagesChanged, report.pagesAlready], ['inject', 2, 0]);
        assert.ok(report.stoppedMicroseconds > 0);
        const expected = [...before, { gpa: hex(gpa), size: hex(2n * page) }].sort((a, b) => Number(startOf(a) - startOf(b)));
        assert.deepEqual(await privateNow(), expected);
        assert.equal((await vmm().read(gpa)).value, 0);

        await vmm().write(gpa, 0x77);
        assert.equal((await vmm().read(gpa)).value, 0x77);
        await convert(gpa, 2n * page, 'shared', '--yes');
        assert.deepEqual(await privateNow(), before);
        assert.equal((await vmm().read(gpa)).value, 0x5a);
    });

    it('tells in a dry run how long the kernel will take, in which calls, and not after it', async () => {
        const large = vmm().memslot('guest_memfd', 2);
        const whole = await convert(startOf(large), BigInt(large.size), 'private', '--dry-run');
        assert.deepEqual([whole.unknown, whole.kernelTime?.pieces], [[], 1]);
        assert.ok((whole.kernelTime?.microseconds ?? 0) > 0);
        const report = await convert(startOf(large), page, 'private', '--yes');
        assert.equal(report.kernelTime, null);
        const text = (await guestmem(['convert', vmm().id, `${large.gpa}+0x1000`, 'shared', '--dry-run'])).stdout;
        assert.match(text, /\nThe kernel takes about [0-9.]+ (µs|ms) for it, in one call;/);
        await convert(startOf(large), page, 'shared', '--yes');
    });

    it('changes nothing where nothing has to change', async () => {
        const slot = vmm().memslot('guest_memfd', 1);
        const report = await convert(startOf(slot), page, 'shared', '--yes');
        assert.deepEqual([report.pagesChanged, report.pagesAlready], [0, 1]);
    });

    it('counts what was already so, and tells the state before for an undo', async () => {
        const gpa = startOf(vmm().memslot('guest_memfd', 1));
        await vmm().setAttribute(gpa + page, page, 'private');
        const report = await convert(gpa, 3n * page, 'private', '--yes');
        assert.deepEqual([report.pagesChanged, report.pagesAlready], [2, 1]);
        assert.deepEqual(report.previousRuns, [
            { gpa: hex(gpa), size: hex(page), attribute: 'shared' },
            { gpa: hex(gpa + page), size: hex(page), attribute: 'private' },
            { gpa: hex(gpa + 2n * page), size: hex(page), attribute: 'shared' },
        ]);
        await convert(gpa, 3n * page, 'shared', '--yes');
    });

    it('warns where a private access has nothing to go to, and the guest then exits with MEMORY_FAULT', async () => {
        const slot = vmm().memslot('memfd');
        const gpa = startOf(slot) + 32n * page;
        assert.notEqual((await vmm().read(gpa)).exit, 'memory-fault');
        const report = await convert(gpa, page, 'private', '--yes');
        assert.ok(report.warnings.some((warning) => warning.includes('MEMORY_FAULT')), report.warnings.join('\n'));
        const access = await vmm().read(gpa);
        assert.deepEqual([access.exit, access.faultGpa], ['memory-fault', hex(gpa)]);
        await convert(gpa, page, 'shared', '--yes');
        assert.equal((await vmm().read(gpa)).exit, undefined);
    });

    it('converts a range of many pieces, whole', async () => {
        const large = vmm().memslot('guest_memfd', 2);
        const size = BigInt(large.size);
        assert.equal(size, 16n << 20n);
        const report = await convert(startOf(large), size, 'private', '--yes');
        assert.equal(report.pagesChanged + report.pagesAlready, Number(size / page));
        assert.ok((await privateNow()).some((range) => range.gpa === large.gpa && range.size === large.size));
        await convert(startOf(large), size, 'shared', '--yes');
    });

    it('leaves the VMM running as it was', async () => {
        const gpa = startOf(vmm().memslot('anonymous')) + 0x2000n;
        assert.equal((await vmm().read(gpa)).exit, undefined);
        assert.equal(vmm().running, true);
    });
});

describe('convert: a VM whose guest converts all the time', () => {
    const vmm = suiteVmm(['--type', 'sw-protected', '--rate', '200', '--vcpus', '2']);

    it('converts elsewhere meanwhile, and the VMM’s record stays true', async () => {
        const gpa = startOf(vmm().memslot('guest_memfd', 1));
        const words = ['convert', vmm().id, `${hex(gpa)}+${hex(8n * page)}`];
        for (const to of ['private', 'shared', 'private', 'shared', 'private']) {
            const outcome = await guestmem([...words, to, '--yes']);
            assert.equal(outcome.code, 0, outcome.stderr);
        }
        assert.equal((await vmm().read(gpa)).value, 0);
        await vmm().setPaused(true);
        const own = await vmm().privateRanges();
        const expected = [...own, { gpa: hex(gpa), size: hex(8n * page) }].sort((a, b) => Number(startOf(a) - startOf(b)));
        assert.deepEqual(privateRanges(await guestmemJson<PageMap>(['map', vmm().id])), expected);
    });
});

describe('convert: a VMM under a seccomp filter', () => {
    it('converts within a sandbox whose seccomp filter lets it', async () => {
        const other = await DemoVmm.start(['--type', 'sw-protected']);
        try {
            await other.setPaused(true);
            await other.enterSandbox('permissive');
            const gpa = startOf(other.memslot('guest_memfd', 1));
            const words = ['convert', other.id, `${hex(gpa)}+${hex(page)}`, 'private', '--yes'];
            assert.equal((await guestmemJson<ConvertReport>(words)).pagesChanged, 1);
            assert.equal((await other.read(gpa)).value, 0, 'it still runs, and reads a new page');
        } finally {
            await other.stop();
        }
    });
});
