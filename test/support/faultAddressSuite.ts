/** The address in each fault, beside the one that the guest really used, with paging on and off. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { MemoryEvent } from '../../src/common/memoryEvents';
import { hex, page } from './pages';
import { suiteRecordings } from './suiteRecordings';
import { suiteTwoVms } from './twoVms';
import { skip } from './skip';
import { ofKind } from './watching';

/** KVM's own word on whether the processor translates GPAs; a module that is not there translates nothing. */
const isOn = (parameter: string): boolean => {
    const path = `/sys/module/${parameter}`;
    return existsSync(path) && ['1', 'Y'].includes(readFileSync(path, 'utf8').trim());
};
const mapsGpas = isOn('kvm_intel/parameters/ept') || isOn('kvm_amd/parameters/npt');

const gpa = 0x8_0000n;
/** Where two_vms.c has the same memory mapped once more. */
const alias = gpa + 0x20_0000n;
const all = { gpa: '0x0', size: '0x10000000000' } as const;

export function describeFaultAddresses(): void {
    describe(`the address of a fault, where KVM ${mapsGpas ? 'maps GPAs' : 'shadows page tables'}`, () => {
        const { start, stop, list } = suiteRecordings();
        before('know that faults are told', function () {
            if (existsSync('/sys/module/kvm_pvm')) skip(this, "PVM takes a guest's faults without passing KVM's tracepoints");
        });
        const vms = suiteTwoVms();

        /** Faults of the first VM while it does so; then only those that a filter by GPA finds. */
        async function faults(command: 'alias' | 'unpaged' | 'nested'): Promise<{ readonly events: readonly MemoryEvent[]; readonly inRange: readonly MemoryEvent[] }> {
            const { recording } = await start(vms().idOf(0));
            assert.equal((await vms().tell(`${command} 0 ${gpa.toString(16)}`)).byte, 1);
            await stop(recording);
            const kinds = ['fault', 'shadow-fault', 'mapped'] as const;
            const { events } = await list(recording, { kinds });
            const { events: inRange } = await list(recording, { kinds, range: all });
            return { events, inRange };
        }
        const gpasOf = (events: readonly MemoryEvent[]) => ofKind(events, 'fault').map(({ gpa }) => gpa);

        it('is the GPA with paging off', async () => {
            const { events, inRange } = await faults('unpaged');
            assert.ok(gpasOf(events).includes(hex(gpa)), JSON.stringify(events));
            assert.deepEqual(ofKind(events, 'shadow-fault'), []);
            assert.deepEqual(inRange, events);
        });

        it(`is ${mapsGpas ? 'the GPA' : 'the virtual address'} with paging on, and only GPAs are found by their place`, async () => {
            const { events, inRange } = await faults('alias');
            assert.ok(ofKind(inRange, 'mapped').some((mapped) => BigInt(mapped.gpa) === gpa), 'the GPA that was mapped is told');
            assert.deepEqual(inRange, events.filter(({ kind }) => kind !== 'shadow-fault'));
            const shadow = ofKind(events, 'shadow-fault');
            if (mapsGpas) {
                assert.ok(gpasOf(events).includes(hex(gpa)), JSON.stringify(events));
                assert.deepEqual(shadow, []);
                return;
            }
            assert.deepEqual(gpasOf(events), []);
            const [first] = shadow.filter(({ address }) => BigInt(address) / page === alias / page);
            assert.deepEqual(first && { ...first, time: '', thread: 0 }, { kind: 'shadow-fault', time: '', thread: 0, vcpu: 0, address: hex(alias), addressKind: 'guest-virtual', access: 'write' });
            assert.ok(!shadow.some(({ address }) => BigInt(address) / page === gpa / page), 'the guest used no such virtual address');
        });

        it('is the address of a nested guest where that faults, and not found by its place', async function () {
            if (!isOn('kvm_amd/parameters/nested') || !mapsGpas) skip(this, 'its nested guest needs SVM and NPT inside a VM');
            const { events, inRange } = await faults('nested');
            assert.deepEqual(inRange, events.filter(({ kind }) => kind !== 'shadow-fault'));
            const told = ofKind(events, 'shadow-fault').map(({ address, addressKind, access }) => ({ address, addressKind, access }));
            const wanted = { address: hex(alias), addressKind: 'nested-guest-physical', access: 'write' } as const;
            assert.ok(told.some((one) => isDeepStrictEqual(one, wanted)), JSON.stringify(events));
            assert.ok(told.every(({ addressKind }) => addressKind === wanted.addressKind));
            assert.ok(ofKind(inRange, 'mapped').some((mapped) => BigInt(mapped.gpa) === gpa), 'the GPA that was mapped is told');
        });
    });
}
