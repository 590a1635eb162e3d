/**
 * A VM as it looks where each guest_memfd has attributes of its own. All is read from a real VM but what no released
 * kernel answers yet: these attributes, which the test makes up. The reading of them is tested in test/stock.
 */
import assert from 'node:assert/strict';
import type { AttributeChunk, GuestMemfdRecord, VmmProcess } from '../../native/index';
import { Pace } from '../../src/agent/pace';
import { findHostMappedPrivate } from '../../src/agent/findings/hostMappedPrivate';
import { readPageMap } from '../../src/agent/pages/pageMap';
import { readGuestMemfdAttributes } from '../../src/agent/guestMemfd/guestMemfdAttributes';
import { unboundRanges } from '../../src/agent/guestMemfd/guestMemfds';
import { UnknownFields } from '../../src/agent/unknownFields';
import type { OpenVm } from '../../src/agent/discovery/vmDirectory';
import { readVmMemory } from '../../src/agent/details/vmMemory';
import { summarizeVm } from '../../src/agent/discovery/vmSummary';
import type { PageRun, VmDetails } from '../../src/common/model';
import { pageRunAt } from '../../src/common/pageRuns';
import { addon } from '../native/addon';
import { guestmemJson } from '../support/guestmem';
import { page, pagesOf as gpasOf } from '../support/pages';
import { presentPages } from '../support/pagemap';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';

const privateAttribute = 8;
const pace = () => new Pace(new AbortController().signal);

/** Every other stretch of three pages is private, from page 1 on. */
const isPrivate = (page: number) => Math.floor((page + 2) / 3) % 2 === 1;

function attributes(first: number, end: number): AttributeChunk {
    const pages = Array.from({ length: end - first }, (_, index) => first + index).filter(isPrivate);
    const columns = { gfns: Float64Array.from(pages), pages: new Float64Array(pages.length).fill(1) };
    return { ...columns, values: new Uint8Array(pages.length).fill(privateAttribute), next: null, sequence: 1n, settled: true, quiet: true };
}

describe('a VM whose guest_memfds have attributes of their own', () => {
    const vmm = suiteVmm(['--slots', '2']);
    let process: VmmProcess | undefined;
    let walked: (readonly [number, number])[] = [];

    const openVm = (answer: (first: number, end: number) => AttributeChunk = attributes): OpenVm => {
        process = new addon.VmmProcess(vmm().report.pid);
        const real = process;
        walked = [];
        const standIn: Partial<VmmProcess> = {
            readGuestMemfd: (fd: number): GuestMemfdRecord | null => {
                const record = real.readGuestMemfd(fd);
                return record === null ? null : { ...record, hasAttributeStore: true };
            },
            readGuestMemfdAttributes: (_fd: number, first: number, end: number) => {
                walked.push([first, end]);
                return answer(first, end);
            },
        };
        const seen = new Proxy(real, {
            get: (target, name) => {
                const own: unknown = Reflect.get(standIn, name) ?? Reflect.get(target, name, target);
                return typeof own === 'function' ? (own.bind(target) as unknown) : own;
            },
        });
        const fd = vmm().report.vmFd;
        const record = real.readVm(fd) ?? assert.fail('the VM has gone');
        const place = { pid: real.pid, fd, hva: null };
        const summary = summarizeVm(place, record, record.vcpus, [], 'vm') ?? assert.fail('the VMM has gone');
        const read = { id: summary.id, identity: record.vm, record, summary };
        return { ...read, fd, process: seen, otherHolders: [], convertsInPlace: true };
    };
    before(function () {
        if (vmm().report.guestMemfds.length === 0) skip(this, 'the demo VMM has no guest_memfd: this kernel offers none to a default VM');
    });
    afterEach(() => process?.close());

    const runsOf = async (vm: OpenVm) => {
        const map = await readPageMap(vm, 0, null, false, pace());
        const runs = Array.from({ length: map.runs.count }, (_, index) => pageRunAt(map.runs, index));
        return { map, of: (memslot: number) => runs.filter((run) => run.memslot === memslot) };
    };
    const pagesOf = ({ gpa, size }: PageRun) => ({ first: Number(BigInt(gpa) >> 12n), pages: Number(BigInt(size) >> 12n) });

    it('has in each slot the attributes of its pages of the guest_memfd', async () => {
        const { map, of } = await runsOf(openVm());
        assert.ok(map.consistent);
        for (const { id, gpa, guestMemfd } of vmm().report.memslots.filter((slot) => slot.guestMemfd !== null)) {
            const shift = Number(BigInt(guestMemfd?.offset ?? 0) >> 12n) - Number(BigInt(gpa) >> 12n);
            for (const run of of(id)) {
                assert.equal(run.scope, 'guest_memfd');
                const { first, pages } = pagesOf(run);
                for (let page = first; page < first + pages; page++) {
                    assert.equal(run.attribute, isPrivate(page + shift) ? 'private' : 'shared', `page ${page} of memslot ${id}`);
                }
            }
            assert.ok(of(id).length > 3);
        }
    });

    it('has shared pages that nobody decides where a slot has no guest_memfd', async () => {
        const { of } = await runsOf(openVm());
        for (const { id } of vmm().report.memslots.filter((slot) => slot.guestMemfd === null)) {
            assert.deepEqual([...new Set(of(id).map(({ attribute, scope }) => `${attribute} ${scope}`))], ['shared none']);
        }
    });

    it('lists the attributes of the whole guest_memfd, and walks twice only where no memslot is bound', async () => {
        const vm = openVm();
        for (const held of readVmMemory(vm).guestMemfds.values()) {
            walked = [];
            const ranges = await readGuestMemfdAttributes(vm, held, new UnknownFields(), pace());
            const end = Number(held.record.size >> 12n);
            assert.deepEqual(
                (ranges ?? []).flatMap(({ size, attribute }) => new Array<string>(Number(BigInt(size) >> 12n)).fill(attribute)),
                Array.from({ length: end }, (_, page) => (isPrivate(page) ? 'private' : 'shared')),
            );
            const unbound = unboundRanges(held.record).map(({ offset, size }) => {
                const first = Number(BigInt(offset) >> 12n);
                return [first, first + Number(BigInt(size) >> 12n)];
            });
            assert.deepEqual(walked, [[0, end], ...unbound]);
        }
    });

    it('is consistent when something else changed meanwhile and a second walk found the same', async () => {
        const { map } = await runsOf(openVm((first, end) => ({ ...attributes(first, end), quiet: false })));
        assert.ok(map.consistent);
        assert.ok(walked.every((range, index) => index % 2 === 0 || range[0] === walked[index - 1]?.[0]), 'not each was walked twice');
    });

    it('is not consistent while attributes are being set, although all walks find the same: the middle of a change', async () => {
        const { map } = await runsOf(openVm((first, end) => ({ ...attributes(first, end), settled: false, quiet: false })));
        assert.ok(!map.consistent);
    });

    it('is not consistent when every walk finds something else', async () => {
        let walks = 0;
        const { map } = await runsOf(openVm((first, end) => ({ ...attributes(first, end - (walks++ % 2)), quiet: false })));
        assert.ok(!map.consistent);
    });

    it('has private pages that the VMM maps among its findings, as its page table has them, until it unmaps them', async () => {
        const slots = vmm().report.memslots.filter(({ guestMemfd }) => guestMemfd !== null).slice(0, 2);
        const found = async () => {
            const vm = openVm();
            const details = await guestmemJson<VmDetails>(['show', vm.id]);
            const memory = { ...readVmMemory(vm), vm, map: await readPageMap(vm, 0, null, false, pace()) };
            return findHostMappedPrivate({ details, memory, unknown: new UnknownFields(), pace: pace() });
        };
        const expected = () =>
            slots.flatMap(({ gpa, hva, size, guestMemfd }) => {
                const first = Number(BigInt(guestMemfd?.offset ?? 0) / page);
                const present = presentPages(vmm().report.pid, BigInt(hva), BigInt(size));
                return present.flatMap((isPresent, index) => (isPresent && isPrivate(first + index) ? [BigInt(gpa) + BigInt(index) * page] : []));
            });
        for (const { gpa } of slots) await vmm().changeHostMemory(BigInt(gpa), 8n * page, 'touch');
        assert.ok(expected().length >= 6);
        const [finding, ...others] = await found();
        assert.ok(finding);
        assert.deepEqual(others, []);
        assert.equal(finding.bytes, expected().length * 4096);
        assert.deepEqual(finding.ranges.flatMap(gpasOf).sort(), expected().sort());
        for (const { gpa, size } of slots) await vmm().changeHostMemory(BigInt(gpa), BigInt(size), 'drop');
        assert.deepEqual(expected(), []);
        assert.deepEqual(await found(), []);
    });
});
