/** Who holds a page of a guest_memfd: a pipe and io_uring do, in a process that maps it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { VmmProcess } from '../../native/index';
import { whoHoldsPage } from '../../src/agent/guestMemfd/pageHolders';
import { requireKvm, requireRoot } from '../support/requirements';
import { skip } from '../support/skip';
import { addon, addonFile } from './addon';
import { compileFixture } from './fixtures';

interface Told {
    readonly fd: number | null;
    readonly hva: number;
    readonly isPinned: boolean;
}

describe('pages of a guest_memfd that something holds', () => {
    let holder: ChildProcessByStdio<Writable, Readable, null> | undefined;
    let vmm: VmmProcess | undefined;
    let told: Told & { readonly fd: number };

    before('start the process that holds them', async function () {
        requireRoot(this);
        requireKvm(this);
        holder = spawn(compileFixture('held_pages.c'), { stdio: ['pipe', 'pipe', 'inherit'] });
        const [line] = (await once(createInterface({ input: holder.stdout }), 'line')) as [string];
        const { fd, ...rest } = JSON.parse(line) as Told;
        if (fd === null) skip(this, 'this kernel has no guest_memfd that can be mapped');
        told = { fd, ...rest };
        vmm = new addon.VmmProcess(holder.pid ?? 0);
        // The agent's own loader looks beside its bundle, which here is this test.
        const beside = join(__dirname, 'guestmem.node');
        if (!existsSync(beside)) symlinkSync(addonFile, beside);
    });
    after(async () => {
        vmm?.close();
        if (holder === undefined || holder.exitCode !== null) return;
        const exited = once(holder, 'exit');
        holder.stdin.end();
        await exited;
    });

    const opened = () => vmm ?? assert.fail('the process was not started');
    const references = (page: number) => opened().readFolioReferences(told.fd, page) ?? assert.fail(`page ${page} is absent`);
    const holdersOf = (page: number) => {
        const record = opened().readGuestMemfd(told.fd) ?? assert.fail('the guest_memfd has gone');
        return whoHoldsPage({ fds: [told.fd], holders: [], record, source: { process: opened(), fd: told.fd } }, page);
    };

    it('have more references than those that nothing but the page table holds', () => {
        const free = references(0);
        assert.equal(free.pages, 1);
        assert.deepEqual(references(1), free);
        assert.deepEqual(references(2), { ...free, references: free.references + 1 });
    });

    it('are pinned by io_uring', async function () {
        if (!told.isPinned) skip(this, 'io_uring is forbidden here');
        assert.equal(references(3).references, references(0).references + 1024);
        assert.match((await holdersOf(3)).text, /1 of its page cache, 1 pinned for DMA, 1 of mappings and others/);
    });

    it('are told with who maps them', async () => {
        const { text, mappedBy } = await holdersOf(2);
        const hva = `0x${(told.hva + 2 * 4096).toString(16)}`;
        assert.deepEqual(mappedBy, [{ pid: opened().pid, hva }]);
        assert.match(text, new RegExp(`1 of its page cache, 2 of mappings and others; it is mapped by process ${opened().pid} at HVA ${hva}`));
    });

    it('have none where they are absent', () => {
        assert.equal(opened().readFolioReferences(told.fd, 6), null);
        assert.equal(opened().readFolioReferences(0, 0), null);
    });

    it('are not taken for what they are not: this kernel has no conversion in place, or takes the ioctl', () => {
        const { inode } = opened().readGuestMemfd(told.fd) ?? assert.fail('the guest_memfd has gone');
        const answer = opened().convertGuestMemfd(told.fd, inode, 0n, 0x1000n, 0);
        assert.equal(opened().takesConversions(told.fd, inode), answer?.error !== 'ENOTTY');
        assert.equal(opened().convertGuestMemfd(told.fd, inode + 1, 0n, 0x1000n, 0), null);
    });
});
