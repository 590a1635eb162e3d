/** Patterns that are found in what a VMM really does: what KVM refuses, and by which rule. Needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import type { Finding } from '../../src/common/finding';
import { endOf, page, startOf } from '../support/pages';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';
import { Watching } from '../support/watching';

const [logDirty, readonly, guestMemfd] = [1, 2, 4];

describe('patterns: memslots that KVM refuses', () => {
    const vmm = suiteVmm();
    /** A slot number that is free. */
    const free = 200;
    const hva = () => BigInt(vmm().memslot('anonymous').hva);
    const far = 1n << 40n;
    const size = 4n * page;

    /** What is found when KVM refuses such a memslot. */
    async function refused(...what: Parameters<ReturnType<typeof vmm>['setMemslot']>): Promise<Finding> {
        const watching = await Watching.begin(vmm().id);
        const error = await vmm().setMemslot(...what);
        const { end } = await watching.end();
        assert.ok(error !== null, 'KVM took it');
        assert.equal(end.patterns.length, 1, JSON.stringify(end.patterns.map(({ title }) => title)));
        const [finding] = end.patterns;
        assert.ok(finding !== undefined);
        assert.equal(finding.kind, 'rejected-memslot');
        assert.deepEqual(finding.seen?.threads, [vmm().report.pid]);
        return finding;
    }

    it('SET_USER_MEMORY_REGION failed with EINVAL for this slot: tells which rule was broken', async () => {
        const slot = vmm().memslot('anonymous', 1);
        // What each of these breaks one rule of.
        assert.equal(await vmm().setMemslot(free, 0, far, size, hva()), null);
        assert.equal(await vmm().setMemslot(free, 0, far, 0n, 0n), null);
        const watching = await Watching.begin(vmm().id);
        const tries: [RegExp, ...Parameters<ReturnType<typeof vmm>['setMemslot']>][] = [
            [/the size 0x1001 is not whole pages/, free, 0, far, 0x1001n, hva()],
            [/the GPA 0x10000000010 is not at a page/, free + 1, 0, far + 16n, size, hva()],
            [/userspace_addr 0x[0-9a-f]+ is not at a page/, free + 2, 0, far, size, hva() + 8n],
            [/reach beyond 0x7ffffffff000, the end of what a program may address/, free + 3, 0, far, size, 1n << 60n],
            [/no address space 7 /, (7 << 16) | free, 0, far, size, hva()],
            [/slot number 32766 is beyond those that a VMM may use/, 32_766, 0, far, size, hva()],
            [/the GPA 0xfffffffffffff000 and the size wrap around 64 bits/, free + 4, 0, (1n << 64n) - page, size, hva()],
            [/size 0 removes a memslot, and there is no slot 205/, free + 5, 0, far, 0n, 0n],
            [/the flags 0x80 have bits that KVM does not know/, free + 6, 0x80, far, size, hva()],
            [/a memslot with guest_memfd cannot log dirty pages/, free + 7, guestMemfd | logDirty, far, size, hva()],
            [/a memslot with guest_memfd cannot be read-only/, free + 8, guestMemfd | readonly, far, size, hva()],
            [/its size cannot be changed: remove it first/, slot.id, 0, startOf(slot), page, BigInt(slot.hva)],
            [/is there already at userspace_addr 0x[0-9a-f]+, which cannot be changed/, slot.id, 0, startOf(slot), BigInt(slot.size), BigInt(slot.hva) + page],
            [/whether it is read-only cannot be changed/, slot.id, readonly, startOf(slot), BigInt(slot.size), BigInt(slot.hva)],
            [/reaches beyond 2\^52/, free + 9, 0, 1n << 60n, size, hva()],
            [new RegExp(`it overlaps slot ${slot.id} \\(${slot.gpa}\\+${slot.size}\\)`), free + 10, 0, startOf(slot) + page, size, hva()],
        ];
        for (const [rule, ...what] of tries) assert.ok((await vmm().setMemslot(...what)) !== null, `KVM took what breaks ${String(rule)}`);
        const { end } = await watching.end();
        assert.equal(end.patterns.length, tries.length);
        for (const [rule, id] of tries) {
            const titles = end.patterns.filter(({ memslot }) => memslot === (id & 0xffff)).map(({ title }) => title);
            assert.ok(titles.some((title) => rule.test(title)), `${String(rule)} of ${JSON.stringify(titles)}`);
        }
        assert.deepEqual(new Set(end.patterns.map(({ kind }) => kind)), new Set(['rejected-memslot']));
    });

    it('a guest_memfd range is bound twice: tells by which slot, and what else is wrong with a binding', async function () {
        const bound = vmm().report.memslots.find((slot) => slot.guestMemfd !== null);
        if (bound === undefined || bound.guestMemfd === null) skip(this, 'the demo VMM has no memslot with guest_memfd on this kernel');
        const { fd, offset } = bound.guestMemfd;
        const twice = await refused(free, guestMemfd, far, size, hva(), { fd, offset: BigInt(offset) });
        assert.match(twice.title, new RegExp(`guest_memfd ${twice.guestMemfd?.inode ?? ''} is bound already, by slot ${bound.id} \\(${bound.gpa}\\+${bound.size}\\)`));
        const beyond = await refused(free, guestMemfd, far, 1n << 30n, hva(), { fd, offset: 0n });
        assert.match(beyond.title, /reach beyond guest_memfd \d+, which has 0x80000 bytes/);
        assert.match((await refused(free, guestMemfd, far, size, hva(), { fd, offset: 8n })).title, /guest_memfd_offset 0x8 is not at a page/);
        assert.match((await refused(free, guestMemfd, far, size, hva(), { fd: 0, offset: 0n })).title, /its descriptor is no guest_memfd/);
        assert.match((await refused(free, guestMemfd, far, size, hva(), { fd: 5000, offset: 0n })).title, /EBADF: its guest_memfd descriptor is not open/);
        assert.match((await refused(free, guestMemfd, far, size, hva())).title, /the call was KVM_SET_USER_MEMORY_REGION, which knows none/);
        const same = await refused(bound.id, guestMemfd, startOf(bound), BigInt(bound.size), BigInt(bound.hva), { fd, offset: BigInt(offset) });
        assert.match(same.title, /can only be removed, not changed/);
    });

    it('KVM_CREATE_GUEST_MEMFD fails: tells what this kernel does not take', async function () {
        if (vmm().report.guestMemfds.length === 0) skip(this, 'this kernel has no guest_memfd');
        const watching = await Watching.begin(vmm().id);
        assert.equal(typeof (await vmm().createGuestMemfd(0n, 0)), 'string');
        assert.equal(typeof (await vmm().createGuestMemfd(100n, 0)), 'string');
        assert.equal(typeof (await vmm().createGuestMemfd(page, 1 << 20)), 'string');
        const { end } = await watching.end();
        assert.deepEqual(
            end.patterns.map(({ title }) => title),
            [
                'KVM made no guest_memfd: EINVAL, its size has to be above 0 and below 2^63',
                'KVM made no guest_memfd: EINVAL, the size 0x64 is not whole pages',
                'KVM made no guest_memfd: EINVAL, this kernel does not know the flags flag-20 for a VM of this type',
            ],
        );
    });
});

describe('patterns: a healthy VM under load', () => {
    const vmm = suiteVmm(['--rate', '1000', '--vcpus', '2', '--gmem', '1M']);

    it('has none, whatever its memory does', async () => {
        const watching = await Watching.begin(vmm().id);
        const slot = vmm().memslot('anonymous', 1);
        for (let round = 0; round < 20; round++) {
            for (let at = startOf(slot); at < startOf(slot) + 16n * page; at += page) await vmm().write(at, round);
            await vmm().changeHostMemory(startOf(slot), 16n * page, 'drop');
            await vmm().read(endOf(slot) + 64n * page);
            await vmm().setDirtyLogging(slot.id, round % 2 === 0);
        }
        const { events, end } = await watching.end();
        assert.ok(events.length > 20, `${events.length} events`);
        assert.deepEqual(end.patterns, []);
    });
});
