/**
 * The suite about accounts: each part page by page against the VMM's own record, /proc/PID/pagemap and cachestat(2); the
 * sums against /proc/PID/smaps and the memory cgroup that the VMM was started in.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountPart, MemoryAccount } from '../../src/common/memoryAccount';
import type { PageMap, VmDetails } from '../../src/common/model';
import { compileFixture } from '../native/fixtures';
import { DemoVmm, type DemoMemslot, type DemoReport } from './demoVmm';
import { writeAtHva } from './doubleBacked';
import { guestmem, guestmemJson } from './guestmem';
import { MemoryCgroup } from './memoryCgroup';
import { mappedPages } from './pagemap';
import { contains, page, pagesOf, startOf } from './pages';
import { requireKvm, requireRoot } from './requirements';
import { skip } from './skip';

export const bytesOf = (account: MemoryAccount, part: AccountPart): number =>
    Number(account.entries.find((entry) => entry.part === part)?.bytes ?? assert.fail(`the account has no ${part}`));

/** The kernel's sums over all mappings, in bytes. */
export function smapsSums(pid: number): { readonly rss: number; readonly pss: number; readonly hugetlb: number } {
    const text = readFileSync(`/proc/${pid}/smaps`, 'latin1');
    const sum = (name: string) => [...text.matchAll(new RegExp(`^${name}:\\s*([0-9]+) kB`, 'gm'))].reduce((total, [, size]) => total + Number(size) * 1024, 0);
    return { rss: sum('Rss'), pss: sum('Pss'), hugetlb: sum('Shared_Hugetlb') + sum('Private_Hugetlb') };
}

/** Before Linux 6.17 each processor may keep some dozen pages of RSS to itself; a mapping's kernel pages are at most a few. */
export const rssTolerance = 64 * 4096;

export function describeAccount(type: DemoReport['type']): void {
    describe(`the account of a VM of type ${type}`, () => {
        let cgroup: MemoryCgroup | undefined;
        let started: DemoVmm | undefined;
        const vmm = () => started ?? assert.fail('the demo VMM was not started');
        /** Taken once: the guest stands still, and a command takes long in an emulated machine. */
        let account: MemoryAccount;
        let charged: number;
        const memory = type === 'default' ? '48M' : '16M';

        before('start the demo VMM in a cgroup of its own', async function () {
            requireKvm(this);
            requireRoot(this);
            cgroup = MemoryCgroup.make(this);
            const words = ['--type', type, '--memory', memory, '--gmem', '8M', '--populate'];
            started = await DemoVmm.start(words, { through: cgroup.through });
            await started.setPaused(true);
            if (type === 'default') {
                const slot = ownSlot(vmm());
                if (slot === undefined) skip(this, 'this kernel has no guest_memfd for default VMs');
                for (let index = 3n; index < 8n; index++) writeAtHva(vmm().report.pid, BigInt(slot.hva) + index * page, 0x22);
            } else {
                // The populated HVA side gets a private copy behind it, and part of that is made shared again.
                const large = vmm().report.memslots.find(({ gpa, guestMemfd }) => guestMemfd !== null && BigInt(gpa) >= 1n << 32n) ?? assert.fail();
                await vmm().setAttribute(startOf(large), 1n << 21n, 'private');
                for (let index = 0n; index < 40n; index++) await vmm().write(startOf(large) + index * page, 0x11);
                await vmm().setAttribute(startOf(large), 8n * page, 'shared');
            }
            account = await guestmemJson<MemoryAccount>(['account', vmm().id]);
            charged = cgroup.usage();
        });
        after(async () => {
            await started?.stop();
            await cgroup?.remove();
        });

        it('has each part as witnesses count it, page by page', async () => {
            const expected = await witnessParts(vmm());
            for (const [part, pages] of expected) assert.equal(bytesOf(account, part) / 4096, pages, part);
            assert.ok((expected.get('double') ?? 0) > 0 && (expected.get('unbound') ?? 0) > 0, 'the VMM has such pages');
        });

        it('adds up to what smaps says, with nothing unexplained', () => {
            const { rss, pss, hugetlb } = smapsSums(vmm().report.pid);
            const { kernel, notExplained, total } = account;
            assert.ok(Math.abs(Number(kernel.rss) - rss) <= rssTolerance, `RSS ${kernel.rss ?? ''}, smaps ${rss}`);
            // Of pages that others map, too, the share changes with those processes; the demo VMM's own do not.
            assert.ok(Math.abs(Number(kernel.pss) - pss) <= 2 * 2 ** 20, `PSS ${kernel.pss ?? ''}, smaps ${pss}`);
            assert.equal(kernel.steps.find(({ step }) => step === 'hugetlb')?.bytes, hugetlb);
            assert.equal(kernel.steps.reduce((sum, { bytes }) => sum + bytes, 0), Number(kernel.charged));
            assert.equal(account.entries.reduce((sum, { bytes }) => sum + Number(bytes), 0), Number(total));
            assert.equal(notExplained?.bytes, Number(kernel.charged) - Number(total));
            assert.ok(Math.abs(notExplained.bytes) <= rssTolerance, JSON.stringify(notExplained));
        });

        it('comes to what the kernel charges the cgroup: question 1, where the memory is that RSS does not tell', () => {
            const { total, kernel } = account;
            assert.ok(Math.abs(charged - Number(total)) <= MemoryCgroup.tolerance, `the cgroup has ${charged} bytes, the account ${Number(total)}`);
            assert.equal(kernel.cgroup?.otherProcesses, 0);
            assert.ok(Math.abs(Number(kernel.cgroup.bytes) - charged) <= MemoryCgroup.tolerance);
        });

        it('has KVM’s page tables and the VMM’s as they are charged', async function () {
            this.timeout(120_000);
            if (cgroup?.stat('sec_pagetables') === undefined) skip(this, 'memory.stat of this cgroup tells no page tables');
            // The root of the TDP MMU's tables is not in it, nor are the top levels of the process's in VmPTE.
            const differences = () => [
                bytesOf(account, 'guest-page-tables') - (cgroup?.stat('sec_pagetables') ?? 0),
                (cgroup?.stat('pagetables') ?? 0) - bytesOf(account, 'page-tables'),
            ];
            // What is told there may be some seconds old.
            const isRight = ([guest = -1, own = -1]: readonly number[]) => guest === 4096 && own >= 0 && own <= 4 * 4096;
            for (let tries = 0; tries < 100 && !isRight(differences()); tries++) await sleep(500);
            assert.ok(isRight(differences()), differences().join());
        });

        if (type === 'default') describeWords(vmm);
        else {
            it('has the nodes of the attribute store that the private pages need', async () => {
                const nodes = xarrayNodes((await vmm().privateRanges()).flatMap(pagesOf).map((gpa) => gpa / page));
                assert.match(account.entries.find(({ part }) => part === 'attribute-store')?.source ?? '', new RegExp(`: ${nodes} nodes `));
            });

            it('question 2: which pages are shared and still have a private copy', async () => {
                const { memslots } = vmm().report;
                const large = memslots.find(({ gpa, guestMemfd }) => guestMemfd !== null && BigInt(gpa) >= 1n << 32n) ?? assert.fail();
                const { runs, totals } = await guestmemJson<PageMap>(['map', vmm().id, '--range', `${large.gpa}+0x28000`]);
                const told = runs.map(({ attribute, size, hvaBacking, gmemBacking, guestUses }) => [attribute, size, hvaBacking.state, gmemBacking.state, guestUses]);
                assert.deepEqual(told, [
                    ['shared', '0x8000', 'present', 'prepared', 'hva'],
                    ['private', '0x20000', 'present', 'prepared', 'guest_memfd'],
                ]);
                assert.equal(totals.doubleBacked, '0x28000');
            });
        }
    });
}

/** Also what is told of guest_memfds elsewhere. */
function describeWords(vmm: () => DemoVmm): void {
    it('says it in one sentence and in two tables', async () => {
        const { stdout } = await guestmem(['account', vmm().id]);
        assert.match(stdout, /^The guest has .* MiB; the host gives .* MiB: .* of it are .*double-backed.*\.$/m);
        assert.match(stdout, /^RSS, as the kernel tells it +[0-9.]+ MiB$/m);
        assert.match(stdout, /^pages that the VMM does not map: in guest_memfds and files +\+ [0-9.]+ MiB$/m);
    });

    it('question 23: tells how much a guest_memfd has allocated, where st_blocks says nothing', async () => {
        const { guestMemfds } = await guestmemJson<VmDetails>(['show', vmm().id]);
        const { pid } = vmm().report;
        assert.equal(guestMemfds.length, vmm().report.guestMemfds.length);
        for (const { fds, size, allocated } of guestMemfds) {
            const [fd = -1] = fds;
            assert.equal(statSync(`/proc/${pid}/fd/${fd}`).blocks, 0);
            const pages = cachedPages(pid, fd, Number(BigInt(size) / page));
            assert.equal(Number(allocated) / 4096, pages.filter(Boolean).length);
        }
    });
}

/** How many nodes an xarray has that holds these indexes, 64 entries to a node. */
function xarrayNodes(indexes: readonly bigint[]): number {
    let nodes = 0;
    for (let level = new Set(indexes); level.size > 0 && ![...level].every((index) => index === 0n); ) {
        level = new Set([...level].map((index) => index / 64n));
        nodes += level.size;
    }
    return nodes;
}

/** The slot that a guest_memfd alone backs: nobody has mapped that at its HVA. */
const ownSlot = ({ report }: DemoVmm): DemoMemslot | undefined => report.memslots.find(({ size, guestMemfd }) => guestMemfd !== null && size === '0x800000');

/** Of the first pages of a file that the process has open, which are in its page cache: by cachestat(2). */
export function cachedPages(pid: number, fd: number, pages: number): boolean[] {
    const digits = execFileSync(compileFixture('cached_pages.c'), [pid, fd, pages].map(String), { encoding: 'utf8' });
    return Array.from({ length: pages }, (_, index) => digits[index] === '1');
}

/** What each page of the guest is there for, and each page of a guest_memfd, from the VMM's report and the kernel's tables. */
async function witnessParts(vmm: DemoVmm): Promise<Map<AccountPart, number>> {
    const { pid, type, memslots, guestMemfds } = vmm.report;
    const privateRanges = type === 'default' ? [] : await vmm.privateRanges();
    const parts = new Map<AccountPart, number>();
    const count = (part: AccountPart, pages: number) => parts.set(part, (parts.get(part) ?? 0) + pages);
    const unbound = new Map(guestMemfds.map(({ fd, size }) => [fd, cachedPages(pid, fd, Number(BigInt(size) / page))]));
    for (const part of ['shared-resident', 'private-allocated', 'double', 'unused-side', 'file-under-copy'] as const) count(part, 0);
    const fileSlots = memslots.filter(({ kind }) => kind === 'memfd');
    for (const slot of memslots.filter(({ kind }) => kind !== 'memfd')) {
        const atHva = mappedPages(pid, BigInt(slot.hva), BigInt(slot.size)).map((state) => state === 'small' || state === 'huge');
        const { guestMemfd } = slot;
        const inFile = guestMemfd === null ? undefined : unbound.get(guestMemfd.fd);
        const mapsIt = guestMemfd !== null && mapsGuestMemfd(pid, BigInt(slot.hva));
        for (const [index, gpa] of pagesOf(slot).entries()) {
            const place = Number(BigInt(guestMemfd?.offset ?? 0) / page) + index;
            const hva = atHva[index] === true && !mapsIt;
            const gmem = inFile?.[place] === true;
            inFile?.fill(false, place, place + 1);
            const isPrivate = privateRanges.some((range) => contains(range, gpa));
            const usesGuestMemfd = guestMemfd !== null && (type === 'default' || isPrivate);
            if (usesGuestMemfd ? gmem : hva) count(isPrivate ? 'private-allocated' : 'shared-resident', 1);
            if (usesGuestMemfd ? hva : gmem) count(hva && gmem ? 'double' : 'unused-side', 1);
        }
    }
    assert.equal(fileSlots.length, 1);
    count('shared-resident', memfdPages(pid, 'guest-ram'));
    for (const pages of unbound.values()) count('unbound', pages.filter(Boolean).length);
    return parts;
}

function mapsGuestMemfd(pid: number, hva: bigint): boolean {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
        .split('\n')
        .some((line) => line.startsWith(`${hva.toString(16)}-`) && line.includes('[kvm-gmem]'));
}

/** Of each page of the process's memfd of that name, whether the file holds it. */
export function memfdCache(pid: number, name: string): boolean[] {
    const fd = readdirSync(`/proc/${pid}/fd`).find((number) => readlinkSync(`/proc/${pid}/fd/${number}`).startsWith(`/memfd:${name}`)) ?? '';
    const { size } = statSync(`/proc/${pid}/fd/${fd}`);
    return cachedPages(pid, Number(fd), size / 4096);
}

export const memfdPages = (pid: number, name: string): number => memfdCache(pid, name).filter(Boolean).length;
