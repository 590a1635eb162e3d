/** Events of a VM with private memory: conversions and faults, beside what the guest, the VMM and guestmem did. */
import assert from 'node:assert/strict';
import type { PageMap, VmDetails } from '../../src/common/model';
import { guestmemJson } from '../support/guestmem';
import { endOf, hex, page, startOf } from '../support/pages';
import { privateRanges } from '../support/privateRanges';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { ofKind, Watching } from '../support/watching';

describe('watching a VM with private memory', () => {
    const vmm = suiteVmm(['--type', 'sw-protected', '--rate', '100']);
    const sweep = () => vmm().report.sweep ?? assert.fail('the guest converts nothing');
    before('the guest is quiet', () => vmm().setPaused(true));

    it('misses nothing that this kernel can tell', async () => {
        const watching = await Watching.begin(vmm().id);
        await watching.end();
        assert.deepEqual(watching.start.missing, []);
    });

    it('tells a conversion by the VMM: the call, and the change in it', async () => {
        const gpa = endOf(sweep());
        const watching = await Watching.begin(vmm().id);
        await vmm().setAttribute(gpa, 4n * page, 'private');
        await vmm().setAttribute(gpa, 4n * page, 'shared');
        const { events } = await watching.end();
        const wanted = (['private', 'shared'] as const).map((to) => ({ gpa: hex(gpa), size: '0x4000', to }));
        assert.deepEqual(ofKind(events, 'attributes-changed').map(({ gpa, size, to }) => ({ gpa, size, to })), wanted);
        const calls = ofKind(events, 'attributes');
        assert.deepEqual(calls.map(({ gpa, size, to }) => ({ gpa, size, to })), wanted);
        assert.ok(calls.every(({ error, thread, microseconds }) => error === null && thread === vmm().report.pid && microseconds > 0));
        const order = events.map(({ kind }) => kind).filter((kind) => kind === 'attributes' || kind === 'attributes-changed');
        assert.deepEqual(order, ['attributes-changed', 'attributes', 'attributes-changed', 'attributes']);
    });

    it('tells a conversion by guestmem, which a thread of the VMM makes', async () => {
        const gpa = endOf(sweep());
        const watching = await Watching.begin(vmm().id);
        await guestmemJson(['convert', vmm().id, `${hex(gpa)}+0x2000`, 'private', '--yes']);
        await guestmemJson(['convert', vmm().id, `${hex(gpa)}+0x2000`, 'shared', '--yes']);
        const { events } = await watching.end();
        assert.deepEqual(ofKind(events, 'attributes-changed').map(({ gpa, size, to }) => ({ gpa, size, to })), [
            { gpa: hex(gpa), size: '0x2000', to: 'private' },
            { gpa: hex(gpa), size: '0x2000', to: 'shared' },
        ]);
    });

    it('tells what the guest asked for, and that KVM did it', async () => {
        const watching = await Watching.begin(vmm().id);
        await vmm().setPaused(false);
        await guestmemJson(['show', vmm().id]);
        await vmm().setPaused(true);
        const { events } = await watching.end();
        const asked = ofKind(events, 'conversion-asked').filter(({ gpa }) => BigInt(gpa) >= startOf(sweep()) && BigInt(gpa) < endOf(sweep()));
        const done = ofKind(events, 'attributes-changed');
        assert.ok(asked.length > 0, 'the guest asked for nothing');
        for (const { gpa, size, to } of asked.slice(0, -1)) {
            assert.ok(done.some((change) => change.gpa === gpa && change.size === size && change.to === to), `${gpa}+${size} to ${to}`);
        }
    });

    it('tells a fault of the guest, and the page that KVM then maps', async () => {
        const gpa = endOf(sweep()) + 64n * page;
        await vmm().changeHostMemory(gpa, page, 'drop');
        const watching = await Watching.begin(vmm().id);
        await vmm().write(gpa, 7);
        const { events } = await watching.end();
        const faults = ofKind(events, 'fault').filter((fault) => BigInt(fault.gpa) / page === gpa / page);
        assert.ok(faults.some(({ access, vcpu }) => access === 'write' && vcpu === 0), JSON.stringify(events));
        assert.ok(ofKind(events, 'mapped').some((mapped) => BigInt(mapped.gpa) === gpa));
    });

    it('tells an exit for an access that does not fit the attribute, with the vCPU and the page', async () => {
        const gpa = startOf(vmm().memslot('dirty-logged'));
        await vmm().setAttribute(gpa, page, 'private');
        const watching = await Watching.begin(vmm().id);
        assert.equal((await vmm().read(gpa)).exit, 'memory-fault');
        const { events } = await watching.end();
        await vmm().setAttribute(gpa, page, 'shared');
        const [exit] = ofKind(events, 'memory-fault');
        assert.deepEqual(exit && { vcpu: exit.vcpu, gpa: exit.gpa, size: exit.size, private: exit.private }, {
            vcpu: 0,
            gpa: hex(gpa),
            size: '0x1000',
            private: true,
        });
    });

    it('tells enough to come from the first state to the last, under load: attributes and pages of guest_memfds', async () => {
        const before = await guestmemJson<PageMap>(['map', vmm().id]);
        const allocatedBefore = await allocated();
        const watching = await Watching.begin(vmm().id);
        await vmm().setPaused(false);
        for (let round = 0; round < 3; round++) {
            const gpa = endOf(sweep()) + BigInt(round) * 3n * page;
            await vmm().setAttribute(gpa, 5n * page, round % 2 === 0 ? 'private' : 'shared');
            await vmm().write(startOf(sweep()), round);
            const last = await converted();
            await until('the guest has converted memory, too', async () => (await converted()) !== last);
        }
        await vmm().setPaused(true);
        const { events, end } = await watching.end();
        const after = await guestmemJson<PageMap>(['map', vmm().id]);

        assert.equal(end.lost, 0);
        const isPrivate = new Set<bigint>();
        const set = (gpa: bigint, size: bigint, to: boolean) => {
            for (let gfn = gpa / page; gfn < (gpa + size) / page; gfn++) {
                if (to) isPrivate.add(gfn);
                else isPrivate.delete(gfn);
            }
        };
        for (const range of privateRanges(before)) set(BigInt(range.gpa), BigInt(range.size), true);
        const changes = ofKind(events, 'attributes-changed');
        for (const { gpa, size, to } of changes) set(BigInt(gpa), BigInt(size), to === 'private');
        assert.ok(changes.length > 3, 'little was changed');
        const expected = new Set(privateRanges(after).flatMap((range) => pagesOf(BigInt(range.gpa), BigInt(range.size))));
        assert.deepEqual([...isPrivate].sort(), [...expected].sort());

        for (const [inode, bytes] of await allocated()) {
            const sum = (pages: readonly { inode: number; size: string }[]) =>
                pages.reduce((bytes, event) => bytes + (event.inode === inode ? BigInt(event.size) : 0n), 0n);
            const added = sum(ofKind(events, 'pages-added'));
            const removed = sum(ofKind(events, 'pages-removed'));
            assert.equal((allocatedBefore.get(inode) ?? 0n) + added - removed, bytes);
        }
    });

    const pagesOf = (gpa: bigint, size: bigint) => Array.from({ length: Number(size / page) }, (_, i) => gpa / page + BigInt(i));

    /** What the guest has made private of the memory that it converts. */
    async function converted(): Promise<string> {
        const ranges = await vmm().privateRanges();
        return JSON.stringify(ranges.filter((range) => startOf(range) < endOf(sweep()) && endOf(range) > startOf(sweep())));
    }

    async function allocated(): Promise<Map<number, bigint>> {
        const { guestMemfds } = await guestmemJson<VmDetails>(['show', vmm().id]);
        return new Map(guestMemfds.map(({ inode, allocated }) => [inode, BigInt(allocated ?? assert.fail('unknown'))]));
    }
});
