/** Events in numbers, put into words. */
import assert from 'node:assert/strict';
import type { EventColumns } from '../../../native/index';
import { describeEvent, eventKinds, kindNumber } from '../../../src/agent/events/describeEvent';
import { eventText } from '../../../src/common/eventWords';
import type { MemoryEventKind } from '../../../src/common/memoryEvents';
import { eventMenu } from '../../../src/webview/events/eventMenu';
import { emptyEvents, kindCount } from '../../support/madeEvents';
import { assertShape } from '../../support/schema';

function made(kind: MemoryEventKind, fill: (event: EventColumns) => void) {
    const events = emptyEvents(1);
    events.kinds[0] = kindNumber(kind);
    events.times[0] = 1_700_000_000_123_456;
    events.threads[0] = 42;
    fill(events);
    return describeEvent(events, 0, true);
}

describe('an event', () => {
    it('of a conversion of a guest_memfd that failed tells the page that is held', () => {
        const convert = (result: number) =>
            made('guest-memfd-attributes', (event) => {
                event.inodes[0] = 7;
                event.starts[0] = 0x2000n;
                event.sizes[0] = 0x4000n;
                event.values[0] = 8n;
                event.details[0] = 0x3000n;
                event.results[0] = result;
                event.durations[0] = 1500;
            });
        const wanted = { kind: 'guest-memfd-attributes', time: '2023-11-14T22:13:20.123456Z', thread: 42, microseconds: 1.5, inode: 7, offset: '0x2000', size: '0x4000', to: 'private' };
        const held = convert(-11);
        assert.deepEqual(held, { ...wanted, error: 'EAGAIN', errorOffset: '0x3000' });
        assert.equal(eventText(held), 'guest_memfd converted  0x2000+0x4000 (16 KiB) of inode 7 to private, held at 0x3000, failed with EAGAIN, 1.5 µs');
        // Only with EAGAIN does the kernel say where.
        assert.deepEqual(convert(-22), { ...wanted, error: 'EINVAL', errorOffset: null });
        assert.deepEqual(convert(0), { ...wanted, error: null, errorOffset: null });
    });

    it('of a memslot tells the guest_memfd that is bound, where one is', () => {
        const set = (inode: number) =>
            made('memslot', (event) => {
                event.numbers[0] = 3;
                event.starts[0] = 0x10_0000n;
                event.sizes[0] = 0x1000n;
                event.values[0] = inode === 0 ? 0n : 4n;
                event.inodes[0] = inode;
                event.inodeOffsets[0] = 0x8000n;
            });
        assert.ok(eventText(set(9)).includes('guest-memfd, bound to inode 9 at 0x8000'));
        assert.ok(!eventText(set(0)).includes('bound'));
    });

    it('of a fault under the shadow MMU tells an address of its own kind, and never a GPA', () => {
        const fault = (size: bigint) =>
            made('shadow-fault', (event) => {
                event.starts[0] = 0xffff_8000_0040_1234n;
                event.sizes[0] = size;
                event.values[0] = 2n;
                event.numbers[0] = 1;
            });
        const subject = { id: '1:2 1', title: '', memslots: [{ id: 0, gpa: '0x0', size: '0xfffffffffffff000', hva: '0x0', guestMemfd: null, description: '' }], recording: null, isActive: true };
        const told = [
            [1n, 'GVA', 'gva/1:0xffff800000401234'],
            [2n, "nested guest's GVA", undefined],
            [3n, "nested guest's GPA", undefined],
            [0n, 'address of an unknown kind', undefined],
            [9n, 'address of an unknown kind', undefined],
        ] as const;
        for (const [size, name, address] of told) {
            const event = fault(size);
            assertShape('watch', event);
            assert.equal(eventText(event), `Shadow MMU fault      ${name} 0xffff800000401234 write by vCPU 1`);
            assert.ok(!('gpa' in event));
            const { range, address: explained, guestmemHasPlace, guestmemHasAddress } = eventMenu(event, subject);
            assert.deepEqual({ range, explained, guestmemHasPlace, guestmemHasAddress }, { range: undefined, explained: address, guestmemHasPlace: false, guestmemHasAddress: address !== undefined });
        }
    });

    it('of a fault tells the access by an error code, and with EPT by an exit qualification', () => {
        const access = (value: bigint) => {
            const event = made('fault', (columns) => (columns.values[0] = value));
            return event.kind === 'fault' ? event.access : null;
        };
        // #PF and NPF: user accesses, some to a page that is there.
        assert.deepEqual([0x4n, 0x6n, 0x15n, 0x1_0000_0006n, 0x2_0000_0014n].map(access), ['read', 'write', 'execute', 'write', 'execute']);
        // EPT: nothing is mapped; then a page that may be read and executed, and one that may be read and written.
        assert.deepEqual([0x181n, 0x182n, 0x184n, 0x1aan, 0x19cn, 0x199n].map(access), ['read', 'write', 'execute', 'write', 'execute', 'read']);
    });

    it('of any kind has the shape that is published', () => {
        assert.equal(eventKinds.length, kindCount);
        for (const kind of eventKinds) {
            const event = made(kind, () => undefined);
            assert.equal(event.kind, kind);
            assertShape('watch', event);
        }
    });
});
