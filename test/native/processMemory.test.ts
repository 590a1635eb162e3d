/** A VMM's page table and bytes as the addon reads them, against the process that owns them. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { VmmProcess } from '../../native/index';
import { presentPages } from '../support/pagemap';
import { page, pagesOf, startOf } from '../support/pages';
import { requireRoot } from '../support/requirements';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';
import { addon } from './addon';
import { compileFixture } from './fixtures';
import { RandomPages, requireRandomPages } from './randomPages';
import { readRuns } from './runs';

const present = 1;
const zeroPage = 3;
const fileBit = 4;
const hugeBit = 8;

function scan(process: VmmProcess, start: bigint, size: bigint) {
    const { runs } = readRuns(
        Number(start / page),
        (from) => process.scanPagemap(BigInt(from) * page, start + size),
        ({ first: firsts, states }) => ({ firsts, states }),
    );
    return runs;
}

describe('the page table of a VMM', () => {
    const vmm = suiteVmm();
    let process_: VmmProcess;
    before(() => (process_ = new addon.VmmProcess(vmm().report.pid)));
    after(() => process_.close());

    it('has the pages that the guest touched, and no other', () => {
        for (const slot of vmm().report.memslots) {
            const hva = BigInt(slot.hva);
            const runs = scan(process_, hva, BigInt(slot.size));
            const found = pagesOf(slot).map((gpa) => {
                const number = Number((hva + gpa - startOf(slot)) / page);
                return runs.some(({ first, pages }) => number >= first && number < first + pages);
            });
            assert.deepEqual(found, presentPages(vmm().report.pid, hva, BigInt(slot.size)), `memslot ${slot.id}`);
            // What a guest_memfd holds need not be mapped.
            if (slot.touched !== null && slot.guestMemfd === null) assert.ok(found.includes(true), `memslot ${slot.id} was touched`);
        }
    });
});

describe('pages and bytes of every kind', () => {
    let child: ChildProcess | undefined;
    let process_: VmmProcess;
    let regions: Record<'written' | 'zero' | 'shared' | 'absent' | 'huge' | 'device' | 'file' | 'tmpfs', bigint>;
    let program: string;
    let tmpfsFile: string;

    before(async function () {
        requireRoot(this);
        program = compileFixture('page_kinds.c');
        tmpfsFile = `/dev/shm/guestmem-test-${process.pid}`;
        writeFileSync(tmpfsFile, Buffer.from(Array.from({ length: 8192 }, (_, index) => (index * 13) & 0xff)));
        const started = spawn(program, [tmpfsFile], { stdio: ['pipe', 'pipe', 'inherit'] });
        child = started;
        const line = await createInterface({ input: started.stdout })[Symbol.asyncIterator]().next();
        const told = Object.entries(JSON.parse(String(line.value)) as Record<string, string>);
        regions = Object.fromEntries(told.map(([name, hva]) => [name, BigInt(hva)])) as typeof regions;
        process_ = new addon.VmmProcess(started.pid ?? 0);
    });
    after(() => {
        process_.close();
        child?.kill();
        rmSync(tmpfsFile, { force: true });
    });
    const statesOf = (hva: bigint, pages: number) =>
        scan(process_, hva, BigInt(pages) * page).map((run) => ({ ...run, first: run.first - Number(hva / page) }));

    /** Kernels before PAGEMAP_SCAN tell neither zero pages nor huge entries. */
    const scanned = () => process_.scanPagemap(regions.zero, regions.zero + page).source === 'PAGEMAP_SCAN';

    it('tells written, zero, shared and absent pages', () => {
        assert.deepEqual(statesOf(regions.written, 3), [{ first: 0, pages: 3, state: present }]);
        assert.deepEqual(statesOf(regions.shared, 1), [{ first: 0, pages: 1, state: present | fileBit }]);
        assert.deepEqual(statesOf(regions.absent, 1), []);
        assert.deepEqual(statesOf(regions.zero, 1), [
            { first: 0, pages: 1, state: scanned() ? zeroPage : present },
        ]);
    });

    it('tells a huge entry where the kernel gave one', () => {
        const smaps = readFileSync(`/proc/${child?.pid ?? 0}/smaps`, 'utf8');
        const mapping = smaps.slice(smaps.indexOf(`\n${regions.huge.toString(16)}-`));
        const isHuge = /^AnonHugePages:\s+2048 kB$/m.exec(mapping.slice(0, 2000)) !== null;
        assert.deepEqual(statesOf(regions.huge, 512), [
            isHuge ? { first: 0, pages: 512, state: scanned() ? present | hugeBit : present } : { first: 0, pages: 1, state: present },
        ]);
    });

    it('copies bytes, and stops where they cannot be read', () => {
        const expected = Buffer.from(Array.from({ length: 3 * 4096 }, (_, index) => (index * 7) & 0xff));
        const into = Buffer.alloc(3 * 4096);
        assert.equal(process_.readMemory(regions.written, into), into.length);
        assert.deepEqual(into, expected);
        const across = Buffer.alloc(200);
        assert.equal(process_.readMemory(regions.written + 3n * page - 100n, across), 100);
        assert.deepEqual(across.subarray(0, 100), expected.subarray(-100));
        assert.equal(process_.readMemory(0n, across), 0);
    });

    it('copies from a mapped file up to the end of its mapping', function () {
        const into = Buffer.alloc(8192);
        const check = (hva: bigint, path: string) => {
            assert.equal(process_.readMappedFile(hva, into), 4096);
            assert.deepEqual(into.subarray(0, 4096), readFileSync(path).subarray(0, 4096));
            assert.equal(process_.readMappedFile(hva + 4000n, into), 96);
        };
        check(regions.tmpfs, tmpfsFile);
        const filesystem = execFileSync('stat', ['--file-system', '--format=%T', program], { encoding: 'utf8' }).trim();
        if (['v9fs', 'overlayfs'].includes(filesystem)) skip(this, `${filesystem} cannot read without waiting for a device`);
        check(regions.file, program);
    });

    it('opens nothing but regular files', () => {
        const into = Buffer.alloc(8);
        for (const name of ['device', 'written', 'absent'] as const) assert.equal(process_.readMappedFile(regions[name], into), -1);
    });
});

for (const kind of ['guest_memfd', 'memfd'] as const) {
    it(`bytes of a ${kind} are those that its owner wrote, holes are zeros`, async function () {
        requireRoot(this);
        requireRandomPages(this, kind);
        const file = new RandomPages(kind, 600, 3);
        const told = await file.tell('change 40');
        const process_ = new addon.VmmProcess(told.pid);
        const into = Buffer.alloc(600 * 4096, 0xff);
        const count =
            kind === 'memfd'
                ? process_.readMappedFile(BigInt(told.hva), into)
                : process_.readGuestMemfdBytes(told.fd, 0n, into);
        assert.equal(count, into.length);
        for (let index = 0; index < 600; index++) {
            assert.equal(into[index * 4096], told.written[index] === '1' ? index & 0xff : 0, `page ${index}`);
        }
        assert.ok(['0', '1', '2'].every((state) => told.states.includes(state)));
        process_.close();
        file.end();
    });
}
