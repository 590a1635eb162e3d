/** The inventory of guest_memfds in `show`: who holds, binds and maps them, and what they take. Needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import type { GuestMemfd, GuestMemfdMapping, PageMap, VmDetails } from '../../src/common/model';
import { guestmem, guestmemJson } from '../support/guestmem';
import { HeldVm, requireHeldVm } from '../support/heldVm';

/** The mappings of a guest_memfd as /proc/PID/maps has them. */
function mappingsIn(pid: number, inode: number): GuestMemfdMapping[] {
    const line = /^([0-9a-f]+)-([0-9a-f]+) ([-rwx]{3})[ps] ([0-9a-f]+) \S+ ([0-9]+) /;
    return readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').flatMap((text) => {
        const [, start = '0', end = '0', rights = '', offset = '0', ino] = line.exec(text) ?? [];
        if (Number(ino) !== inode || !text.includes('[kvm-gmem]')) return [];
        const hex = (value: bigint) => `0x${value.toString(16)}`;
        const [from, to, at] = [start, end, offset].map((digits) => BigInt(`0x${digits}`));
        return [{ pid, hva: hex(from ?? 0n), offset: hex(at ?? 0n), size: hex((to ?? 0n) - (from ?? 0n)), rights }];
    });
}

describe('show: the guest_memfd of a VM', () => {
    let vm: HeldVm;
    const started = async (pages: number) => (vm = await HeldVm.start(pages));
    const show = async (): Promise<GuestMemfd> => {
        const { guestMemfds } = await guestmemJson<VmDetails>(['show', `${vm.report.pid}:${vm.report.vm}`]);
        assert.equal(guestMemfds.length, 1);
        return guestMemfds[0] ?? assert.fail();
    };
    before(function () {
        requireHeldVm(this);
    });
    afterEach(() => vm.end());

    it('names every fd of every process', async () => {
        const { pid, receiver, gmem } = (await started(16)).report;
        const first = await vm.tell('pass gmem');
        const second = await vm.tell('pass gmem');
        const child = (await vm.tell('fork')).pid;
        const holders = [
            { pid, fd: gmem },
            { pid: receiver, fd: first.fd },
            { pid: receiver, fd: second.fd },
            { pid: child, fd: gmem },
        ];
        assert.deepEqual([...(await show()).holders].sort((a, b) => a.pid - b.pid || a.fd - b.fd), holders.sort((a, b) => a.pid - b.pid || a.fd - b.fd));
        assert.deepEqual((await show()).fds, [gmem]);
    });

    it('is read through another process’s fd when the VMM has closed its own', async () => {
        const { pid, receiver, gmem, vm: vmFd } = (await started(16)).report;
        const inode = statSync(`/proc/${pid}/fd/${gmem}`).ino;
        await vm.tell('allocate 5 1');
        const { fd } = await vm.tell('pass gmem');
        await vm.tell('close gmem');
        const shown = await show();
        assert.deepEqual([shown.inode, shown.fds, shown.holders, shown.allocated], [inode, [], [{ pid: receiver, fd }], '0x1000']);
        const map = await guestmemJson<PageMap>(['map', `${pid}:${vmFd}`]);
        assert.deepEqual(
            map.runs.map(({ gpa, gmemBacking }) => [gpa, gmemBacking.state]),
            [['0x10000', 'absent'], ['0x11000', 'allocated'], ['0x12000', 'absent']],
        );
    });

    it('has what is unbound, and is leaked once nothing is bound and it takes memory', async () => {
        await started(16);
        const unbound = (await show()).unbound;
        assert.deepEqual(unbound, [{ offset: '0x0', size: '0x4000' }, { offset: '0x8000', size: '0x8000' }]);
        await vm.tell('unbind');
        assert.deepEqual([(await show()).unbound, (await show()).leaked], [[{ offset: '0x0', size: '0x10000' }], false]);
        await vm.tell('allocate 0 3');
        assert.equal((await show()).leaked, true);
        const { stdout } = await guestmem(['show', String(vm.report.pid)]);
        assert.match(stdout, /is leaked: it takes 12 KiB, and no memslot is bound to it\./);
    });

    it('has its mappings in all processes, as their /proc/PID/maps have them', async () => {
        const { pid, gmem } = (await started(32)).report;
        const inode = statSync(`/proc/${pid}/fd/${gmem}`).ino;
        await vm.tell('map gmem 3 5');
        const child = (await vm.tell('fork')).pid;
        const { hva } = await vm.tell('map gmem 20 8');
        const expected = [...mappingsIn(pid, inode), ...mappingsIn(child, inode)];
        assert.equal(expected.length, 3);
        const order = (a: GuestMemfdMapping, b: GuestMemfdMapping) => a.pid - b.pid || (BigInt(a.hva) < BigInt(b.hva) ? -1 : 1);
        assert.deepEqual([...((await show()).hostMappings ?? [])].sort(order), expected.sort(order));
        assert.ok((await guestmem(['show', String(pid)])).stdout.includes(hva));
        await vm.tell(`unmap ${hva} 8`);
        assert.equal((await show()).hostMappings?.length, 2);
    });

    it('counts its pages, all small folios, and knows that the direct map has them', async () => {
        await started(64);
        const { hva } = await vm.tell('map gmem 0 64');
        await vm.tell(`touch ${hva} 3`);
        await vm.tell('allocate 10 4');
        const { allocated, prepared, folios, directMap } = await show();
        assert.deepEqual({ allocated, prepared, folios }, { allocated: '0x7000', prepared: '0x3000', folios: [{ pageSize: '0x1000', size: '0x7000' }] });
        // No released kernel takes them out.
        assert.equal(directMap, 'present');
    });

    it('shows at once when it is far larger than this machine’s memory, and nearly empty', async () => {
        await started(2 ** 28);
        const empty = await show();
        assert.deepEqual([empty.size, empty.allocated, empty.nodes], ['0x10000000000', '0x0', []]);
        await vm.tell(`allocate ${2 ** 28 - 2} 2`);
        const shown = await show();
        assert.deepEqual([shown.allocated, shown.folios], ['0x2000', [{ pageSize: '0x1000', size: '0x2000' }]]);
        assert.deepEqual(shown.nodes?.map(({ offset, size }) => [offset, size]), [['0xffffffe000', '0x2000']]);
    });
});
