/** What `guestmem convert` refuses, and that nothing has changed then. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ConvertReport } from '../../src/common/change';
import type { PageMap, VmSummary, VmList } from '../../src/common/model';
import { DemoVmm } from '../support/demoVmm';
import { guestmem, guestmemError, guestmemJson } from '../support/guestmem';
import { endOf, hex, page, startOf } from '../support/pages';
import { privateRanges } from '../support/privateRanges';
import { requireProgram } from '../support/requirements';
import { suiteVmm } from '../support/suiteVmm';

describe('convert: refusals', () => {
    const vmm = suiteVmm(['--type', 'sw-protected']);
    const range = (gpa: bigint, size: bigint) => `${hex(gpa)}+${hex(size)}`;
    const refused = (words: readonly string[], code: number) => guestmemError(['convert', vmm().id, ...words], code);
    const privateNow = async () => privateRanges(await guestmemJson<PageMap>(['map', vmm().id]));
    before('stop the guest’s own conversions', () => vmm().setPaused(true));
    afterEach('nothing has changed', async () => assert.deepEqual(await privateNow(), await vmm().privateRanges()));

    it('an unaligned range', async () => {
        assert.equal((await refused(['0x400800+0x1000', 'shared', '--yes'], 2)).code, 'usage');
        assert.equal((await refused(['0x400000+0x800', 'shared', '--yes'], 2)).code, 'usage');
    });

    it('a range beyond the end of the address space', async () => {
        assert.equal((await refused(['0xfffffffffffff000+0x2000', 'private', '--yes'], 2)).code, 'usage');
    });

    it('a range outside all memslots', async () => {
        const last = vmm().report.memslots.map(endOf).reduce((a, b) => (a > b ? a : b));
        assert.equal((await refused([range(last + (1n << 32n), page), 'private', '--yes'], 1)).code, 'outside-memslots');
    });

    it('a change that nobody confirmed', async () => {
        assert.equal((await refused([range(startOf(vmm().memslot('guest_memfd')), page), 'shared'], 2)).code, 'usage');
    });

    it('a VM without private memory', async () => {
        const other = await DemoVmm.start();
        try {
            const words = ['convert', other.id, range(startOf(other.memslot('memfd')), page), 'private', '--yes'];
            assert.equal((await guestmemError(words, 1)).code, 'unsupported');
        } finally {
            await other.stop();
        }
    });

    it('a VMM whose seccomp filter would kill it', async () => {
        const other = await DemoVmm.start(['--type', 'sw-protected']);
        try {
            await other.setPaused(true);
            await other.enterSandbox('strict');
            const gpa = startOf(other.memslot('guest_memfd'));
            const words = ['convert', other.id, range(gpa, page), 'shared'];
            assert.equal((await guestmemError([...words, '--yes'], 3)).code, 'seccomp');
            assert.equal((await other.read(gpa)).exit, undefined, 'it still runs');
        } finally {
            await other.stop();
        }
    });

    it('a VMM whose seccomp filter would kill it, unless the user has the filter suspended', async () => {
        const other = await DemoVmm.start(['--type', 'sw-protected']);
        try {
            await other.setPaused(true);
            await other.enterSandbox('strict');
            const gpa = startOf(other.memslot('guest_memfd', 1));
            const words = ['convert', other.id, range(gpa, page), 'private', '--suspend-seccomp'];
            const preview = await guestmemJson<ConvertReport>([...words, '--dry-run']);
            assert.match(preview.warnings[0] ?? '', /ends the VMM\.$/);
            const report = await guestmemJson<ConvertReport>([...words, '--yes']);
            assert.deepEqual([report.pagesChanged, report.seccompSuspensions], [1, 1]);
            assert.equal((await other.read(gpa)).value, 0, 'it still runs, and reads a new page');
            assert.equal((await guestmemError(['convert', other.id, range(gpa, page), 'shared', '--yes'], 3)).code, 'seccomp');
        } finally {
            await other.stop();
        }
    });

    it('a VMM that a debugger holds, whose memory can still be seen', async function () {
        requireProgram(this, 'gdb');
        const gpa = startOf(vmm().memslot('guest_memfd'));
        const pid = String(vmm().report.pid);
        const gdb = spawn('gdb', ['--nx', '--quiet', '--pid', pid, '--eval-command', 'echo attached\\n'], {
            stdio: ['pipe', 'pipe', 'ignore'],
        });
        const exited = once(gdb, 'exit');
        try {
            for await (const text of gdb.stdout) if (String(text).includes('attached')) break;
            const { vms } = await guestmemJson<VmList>(['vms']);
            const traced = (vm: VmSummary | undefined) => vm?.tracedBy;
            assert.equal(traced(vms.find(({ id }) => id === vmm().id)), gdb.pid);
            assert.ok((await privateNow()).some((one) => one.gpa === hex(gpa)));
            assert.equal((await refused([range(gpa, page), 'shared', '--yes'], 3)).code, 'debugger-attached');
        } finally {
            gdb.stdin.end('detach\nquit\n');
            await exited;
        }
        const outcome = await guestmem(['convert', vmm().id, range(gpa, page), 'private', '--yes']);
        assert.equal(outcome.code, 0, outcome.stderr);
    });
});
