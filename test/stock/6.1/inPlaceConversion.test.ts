/**
 * Conversion through a guest_memfd. No released kernel has it: the file that takes the ioctl, and keeps the attributes, is
 * that of the module in test/stock/fixtures, and the VM around it is made up. The addon's own calls are real.
 */
import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import type { VmmProcess } from '../../../native/index';
import { prepareConversion, prepareRestoration } from '../../../src/agent/change/conversion';
import { Pace } from '../../../src/agent/pace';
import type { ConvertReport } from '../../../src/common/change';
import { GuestmemError } from '../../../src/common/errors';
import type { Attribute } from '../../../src/common/model';
import { makeRange } from '../../../src/common/range';
import { addon } from '../../native/addon';
import { joined } from '../../native/runs';
import { InPlaceFile } from '../../support/inPlaceModule';
import { inPlaceVm, slots } from '../../support/inPlaceVm';

const page = 4096n;
const lastPage = 2 ** 28 - 1; // The file has a terabyte.

describe('conversion through a guest_memfd of a module that stands in for KVM', () => {
    let file: InPlaceFile | undefined;
    let vmm: VmmProcess | undefined;
    before('load the module', function () {
        file = InPlaceFile.open(this);
        vmm = new addon.VmmProcess(process.pid);
    });
    after(() => {
        vmm?.close();
        file?.close();
    });
    beforeEach(() => opened().store(['new', `0 ${lastPage} 0`]));

    const opened = () => file ?? assert.fail('the module was not loaded');
    const real = () => vmm ?? assert.fail('the module was not loaded');
    const inode = () => fstatSync(opened().fd).ino;
    const open = () => inPlaceVm(real(), opened().fd, inode());
    const pace = () => new Pace(new AbortController().signal);
    const range = (gfn: number, pages: number) => makeRange(BigInt(gfn) * page, BigInt(pages) * page);

    /** Pages of the file that are private, as the kernel's own iteration finds them: from the first to the last. */
    const privatePages = () =>
        joined(
            opened()
                .iteration()
                .filter(([, , , value]) => value === '8')
                .map(([, first, last]) => ({ first: Number(first), pages: Number(last) + 1 - Number(first), state: 8 })),
        ).map(({ first, pages }) => [first, first + pages - 1]);

    async function convert(gfn: number, pages: number, to: Attribute, vm = open().vm): Promise<ConvertReport> {
        return (await prepareConversion(vm, range(gfn, pages), to, pace())).execute(pace());
    }

    async function failure(attempt: Promise<unknown>): Promise<GuestmemError> {
        const thrown: unknown = await attempt.then(() => assert.fail('it was done'), (error: unknown) => error);
        assert.ok(thrown instanceof GuestmemError, String(thrown));
        return thrown;
    }

    it('knows the ioctl by what the file answers', () => {
        assert.equal(real().takesConversions(opened().fd, inode()), true);
        assert.equal(real().takesConversions(opened().fd, inode() + 1), null);
    });

    it('sets the pages of the file that the memslots have at these addresses, across memslots', async () => {
        // The last 4 pages of the first memslot and the first 6 of the second: 16 to 25 of the file.
        const preview = (await prepareConversion(open().vm, range(0x10c, 10), 'private', pace())).preview;
        assert.deepEqual([preview.executor, preview.pagesChanged, privatePages()], ['direct', 10, []]);
        const report = await convert(0x10c, 10, 'private');
        assert.deepEqual([report.executor, report.pagesChanged, report.stoppedMicroseconds], ['direct', 10, 0]);
        assert.deepEqual(report.previousRuns, [{ gpa: '0x10c000', size: '0xa000', attribute: 'shared' }]);
        assert.deepEqual(report.warnings.filter((text) => text.includes('otherwise again')), []);
        assert.deepEqual(privatePages(), [[16, 25]]);
    });

    it('changes nothing beside the range, nor what is so already, and gives each run back what it had', async () => {
        opened().store(['30 31 8', '40 40 8']);
        const report = await convert(0x110, 30, 'private');
        assert.deepEqual([report.pagesChanged, report.pagesAlready], [27, 3]);
        assert.deepEqual(privatePages(), [[20, 49]]);
        const { undo } = report;
        assert.ok(undo?.kind === 'restore');
        const runs = undo.runs.map((run) => ({ ...makeRange(BigInt(run.gpa), BigInt(run.size)), attribute: run.attribute }));
        const restored = await (await prepareRestoration(open().vm, runs, pace())).execute(pace());
        assert.deepEqual([restored.pagesChanged, privatePages()], [27, [[30, 31], [40, 40]]]);
    });

    it('waits out references that go by themselves', async () => {
        opened().store(['hold 25 3']);
        assert.equal((await convert(0x110, 30, 'private')).pagesChanged, 30);
    });

    it('names the page that something holds, and has changed nothing then', async () => {
        opened().store(['hold 25 1000000']);
        const error = await failure(convert(0x110, 30, 'private'));
        assert.deepEqual([error.code, error.data['errno'], error.data['gpa'], error.data['offset']], ['kernel', 'EAGAIN', '0x115000', '0x19000']);
        assert.match(error.message, /failed with EAGAIN: page 0x115000 \(offset 0x19000 of the guest_memfd\) is held by something else/);
        assert.deepEqual(privatePages(), []);
        opened().store(['hold 25 0']);
    });

    it('tells how far it came when a later piece is held, with the way back', async () => {
        opened().store(['hold 5000 1000000']);
        const error = await failure(convert(0x110, 8192, 'private'));
        assert.deepEqual([error.code, error.data['pagesChanged'], error.data['gpa']], ['partial-change', 4096, undefined]);
        assert.match(error.message, /4096 of 8192 pages: .* is held by something else/);
        assert.deepEqual(privatePages(), [[20, 4115]]);
        opened().store(['hold 0 0']);
    });

    it('converts to shared whatever holds a page', async () => {
        await convert(0x110, 30, 'private');
        opened().store(['hold 25 1000000']);
        await convert(0x110, 30, 'shared');
        assert.deepEqual(privatePages(), []);
        opened().store(['hold 25 0']);
    });

    it('refuses what no guest_memfd decides', async () => {
        assert.match((await failure(convert(0x4000, 1, 'private'))).message, /memslot 2 has no guest_memfd/);
        assert.match((await failure(convert(0x100 + 16 + 8192, 1, 'private'))).message, /No memslot of the VM overlaps/);
        assert.match((await failure(convert(0x110 + 8191, 2, 'private'))).message, /no memslot is there/);
        assert.deepEqual(privatePages(), []);
    });

    it('refuses, in the preview, a kernel that does not take the ioctl', async () => {
        const { vm } = inPlaceVm(real(), opened().fd, inode(), { takesConversions: () => false });
        const error = await failure(prepareConversion(vm, range(0x110, 4), 'private', pace()));
        assert.deepEqual([error.code, error.message.includes('does not take KVM_SET_MEMORY_ATTRIBUTES2')], ['unsupported', true]);
    });

    it('begins nothing when the memslot was bound elsewhere since the preview', async () => {
        const { vm, moveSlot } = open();
        const prepared = await prepareConversion(vm, range(slots[1].gfn, 4), 'private', pace());
        moveSlot();
        assert.equal((await failure(prepared.execute(pace()))).code, 'outside-memslots');
        assert.deepEqual(privatePages(), []);
    });
});
