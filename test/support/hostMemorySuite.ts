/**
 * The suite that holds the HVA side of every kind of host memory, its rights and what kind of memory the guest has at an
 * address against /proc of the VMM and against what the guest can do there.
 */
import assert from 'node:assert/strict';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import type { AddressFacts } from '../../src/common/explain/explanation';
import type { PageMap, PageRun, VmDetails } from '../../src/common/model';
import { DemoVmm, type DemoReport, type HostMemoryKind } from './demoVmm';
import { guestmem, guestmemJson } from './guestmem';
import { mappedPages, mappingRights } from './pagemap';
import { hex, page, pagesOf, runAt, startOf } from './pages';
import { requireKvm, requireRoot } from './requirements';
import { skip } from './skip';
import { whileStill } from './whileStill';

const reserved = '/proc/sys/vm/nr_hugepages';

/** What the run says in the witness's words. */
function mappedAs({ hvaBacking }: PageRun): ReturnType<typeof mappedPages>[number] {
    if (hvaBacking.state === 'zero') return 'zero';
    if (hvaBacking.state !== 'present' || !hvaBacking.mapped) return 'absent';
    return hvaBacking.pageSize === '2M' ? 'huge' : 'small';
}

const rightsOf = ({ hvaBacking }: PageRun) => (hvaBacking.state === 'none' ? null : hvaBacking.rights);

export function describeHostMemory(type: DemoReport['type']): void {
    describe(`host memory of every kind behind a VM of type ${type}`, () => {
        let started: DemoVmm | undefined;
        let reservedBefore: string | undefined;
        const vmm = () => started ?? assert.fail('the demo VMM was not started');
        const slotOf = (kind: HostMemoryKind) => vmm().memslot(kind);
        const gpaOf = (kind: HostMemoryKind, index = 0n) => startOf(slotOf(kind)) + index * page;
        const mapOf = () => guestmemJson<PageMap>(['map', vmm().id]);
        const explain = (gpa: bigint) => guestmemJson<AddressFacts>(['explain', vmm().id, hex(gpa)]);

        before('start the demo VMM, with huge pages where the machine gives some', async function () {
            requireKvm(this);
            requireRoot(this);
            reservedBefore = readFileSync(reserved, 'utf8');
            writeFileSync(reserved, String(Number(reservedBefore) + 2));
            started = await DemoVmm.start(['--type', type, '--kinds']);
            await started.setPaused(true);
        });
        after(async () => {
            await started?.stop();
            if (reservedBefore !== undefined) writeFileSync(reserved, reservedBefore);
        });

        it('is told page by page as /proc tells it: rights, presence, zeros, huge pages', async () => {
            const { pid, memslots } = vmm().report;
            const rightsAt = mappingRights(pid);
            const [map, mapped] = await whileStill(() => memslots.map(({ hva, size }) => mappedPages(pid, BigInt(hva), BigInt(size))), mapOf);
            const seen = new Set<string>();
            for (const [at, slot] of memslots.entries()) {
                for (const [index, gpa] of pagesOf(slot).entries()) {
                    const run = runAt(map, gpa);
                    const state = mapped[at]?.[index];
                    const where = `memslot ${slot.id} (${slot.kind}), GPA ${hex(gpa)}`;
                    assert.equal(rightsOf(run), rightsAt(BigInt(slot.hva) + gpa - startOf(slot)), where);
                    assert.equal(mappedAs(run), state, where);
                    seen.add(`${state ?? ''} ${rightsOf(run) ?? ''}`);
                }
            }
            for (const what of ['absent ', 'zero rw-', 'small rw-', 'small r--', 'small ---']) assert.ok(seen.has(what), what);
            // A machine without 2 MiB of free memory in one piece gives none.
            if (!seen.has('huge rw-')) console.log('      the kernel gave the VMM no huge page');
        });

        it('has one word for the rights of a whole memslot, or none where they differ', async () => {
            const { addressSpaces } = await guestmemJson<VmDetails>(['show', vmm().id]);
            const backing = (kind: HostMemoryKind) => addressSpaces[0]?.memslots.find(({ id }) => id === slotOf(kind).id)?.backing;
            assert.deepEqual(backing('file'), { kind: 'file', path: readlinkSync(`/proc/${vmm().report.pid}/exe`), rights: 'r--' });
            assert.deepEqual([backing('shmem')?.kind, backing('shmem')?.rights], ['shmem', 'rw-']);
            assert.deepEqual(backing('mixed-rights'), { kind: 'anonymous', path: null, rights: null });
            assert.deepEqual(backing('hole'), { kind: 'mixed', path: null, rights: null });
        });

        it('tells pages of hugetlb, mapped and absent', async function () {
            const slot = vmm().report.memslots.find(({ kind }) => kind === 'hugetlb');
            if (slot === undefined) skip(this, `this machine gives no huge pages through ${reserved}`);
            const { addressSpaces } = await guestmemJson<VmDetails>(['show', vmm().id]);
            const { runs } = await guestmemJson<PageMap>(['map', vmm().id, '--range', `${slot.gpa}+${slot.size}`]);
            assert.equal(addressSpaces[0]?.memslots.find(({ id }) => id === slot.id)?.backing?.kind, 'hugetlb');
            assert.deepEqual(
                runs.map(({ gpa, size, hvaBacking }) => [gpa, size, hvaBacking]),
                [
                    [slot.gpa, '0x200000', { state: 'present', mapped: true, pageSize: '2M', rights: 'rw-' }],
                    [hex(startOf(slot) + 0x20_0000n), '0x200000', { state: 'absent', rights: 'rw-' }],
                ],
            );
        });

        it('permits the guest what the memslot and the mapping both permit', async () => {
            const map = await mapOf();
            const gpas = [
                ...[0n, 1n, 5n, 6n, 9n, 10n].map((index) => gpaOf('mixed-rights', index)),
                ...[0n, 3n].map((index) => gpaOf('file', index)),
                ...[1n, 5n].map((index) => gpaOf('hole', index)),
                gpaOf('zero', 3n),
            ];
            const permitted = new Set<string>();
            for (const gpa of gpas) {
                const run = runAt(map, gpa);
                const { flags } = vmm().report.memslots.find(({ id }) => id === run.memslot) ?? assert.fail(hex(gpa));
                const rights = rightsOf(run) ?? '---';
                const can = { read: rights[0] === 'r', write: rights[1] === 'w' && !flags.includes('readonly') };
                permitted.add(JSON.stringify(can));
                assert.equal((await vmm().read(gpa)).exit === undefined, can.read, `reading GPA ${hex(gpa)}`);
                assert.equal((await vmm().write(gpa, 7)).exit === undefined, can.write, `writing GPA ${hex(gpa)}`);
            }
            assert.equal(permitted.size, 3);
        });

        it('says in words where the mapping permits less than the memslot', async () => {
            const { stdout } = await guestmem(['explain', vmm().id, hex(gpaOf('mixed-rights', 5n))]);
            assert.match(stdout, /^Rights +memslot writable, VMM r--, so the guest cannot write/m);
        });

        it('is memory, ROM, MMIO or out of reach, as the guest finds out', async () => {
            const rom = startOf(vmm().memslot('read-only'));
            const beyond = 1n << 51n;
            for (const gpa of [gpaOf('shmem'), rom, gpaOf('shmem') - page, beyond]) {
                const [read, write] = [await vmm().read(gpa), await vmm().write(gpa, 1)];
                const found =
                    read.exit === 'shutdown' && write.exit === 'shutdown'
                        ? 'unreachable'
                        : read.exit === 'mmio' && write.exit === 'mmio'
                          ? 'mmio'
                          : read.exit === undefined && write.exit === 'mmio'
                            ? 'rom'
                            : 'memory';
                const { kind, memslot, unknown } = await explain(gpa);
                assert.equal(kind, found, hex(gpa));
                assert.equal(memslot === null, kind === 'mmio' || kind === 'unreachable', hex(gpa));
                assert.ok(!unknown.some(({ field }) => field === 'kind'));
            }
            const last = await explain(0xffff_ffff_ffff_ffffn);
            assert.deepEqual([last.kind, last.run.guestUses], ['unreachable', 'none']);
        });
    });
}
