/** Who decides private or shared, for VMs and kernels of every kind. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VmRecord } from '../../../native/index';
import { readConvertsInPlace } from '../../../src/agent/host/inPlaceConversion';
import { capabilitiesOf, hasVmScope, scopeOfSlot } from '../../../src/agent/pages/attributeScope';

/** The two facts of the record that matter; all else is as it may be. */
function recordOf(hasPrivateMemory: boolean, hasAttributeStore: boolean): VmRecord {
    const none = { count: 0, ids: new Int16Array(), addressSpaces: new Uint16Array(), flags: new Uint32Array() };
    const columns = { gfns: new Float64Array(), pages: new Float64Array(), hvas: new BigUint64Array() };
    const gmem = { gmemInodes: new Float64Array(), gmemPages: new Float64Array() };
    const counts = { addressSpaces: 1, vcpus: 1, serial: null, dirtyRingSize: 0, disablesNxHugePages: false };
    const rest = { vm: 1, ownedByProcess: true, type: null, consistent: true, memslots: { ...none, ...columns, ...gmem } };
    return { ...rest, ...counts, hasPrivateMemory, hasAttributeStore };
}

const slots = {
    ordinary: { hasGuestMemfd: false, gmemOnly: false },
    withGuestMemfd: { hasGuestMemfd: true, gmemOnly: false },
    gmemOnly: { hasGuestMemfd: true, gmemOnly: true },
};
const allSlots = Object.values(slots);

describe('who decides private or shared', () => {
    const vm = (privateMemory: boolean, store: boolean, convertsInPlace: boolean) => ({
        record: recordOf(privateMemory, store),
        convertsInPlace,
    });
    const scopes = (of: ReturnType<typeof vm>) => allSlots.map((slot) => scopeOfSlot(of, slot));

    it('is the VM that has private memory and a store, whatever the slot', () => {
        const confidential = vm(true, true, false);
        assert.deepEqual(scopes(confidential), ['vm', 'vm', 'vm']);
        assert.ok(hasVmScope(confidential));
        assert.deepEqual(capabilitiesOf(confidential, []), { attributes: ['private'], attributeScope: 'vm' });
    });

    it('is the guest_memfd that alone backs a slot of another VM', () => {
        const usual = vm(false, true, false);
        assert.deepEqual(scopes(usual), ['none', 'none', 'guest_memfd']);
        assert.deepEqual(capabilitiesOf(usual, allSlots), { attributes: [], attributeScope: 'guest_memfd' });
        assert.deepEqual(capabilitiesOf(usual, [slots.ordinary]), { attributes: [], attributeScope: 'none' });
    });

    it('is every guest_memfd where KVM converts in place, and the VM’s store does not count', () => {
        for (const store of [true, false]) {
            const confidential = vm(true, store, true);
            assert.deepEqual(scopes(confidential), ['none', 'guest_memfd', 'guest_memfd']);
            assert.ok(!hasVmScope(confidential));
            assert.deepEqual(capabilitiesOf(confidential, []), { attributes: ['private'], attributeScope: 'guest_memfd' });
        }
    });

    it('is nobody where the kernel keeps no attributes', () => {
        assert.deepEqual(capabilitiesOf(vm(true, false, false), [slots.withGuestMemfd]), { attributes: ['private'], attributeScope: 'none' });
    });
});

describe('the parameter gmem_in_place_conversion', () => {
    const folder = mkdtempSync(join(tmpdir(), 'guestmem-test-'));
    after(() => rmSync(folder, { recursive: true }));
    const contents: Record<string, boolean> = { 'Y\n': true, 'N\n': false };
    for (const [content, expected] of Object.entries(contents)) {
        it(`is ${expected ? 'on' : 'off'} when it reads ${content.trim()}`, () => {
            const path = join(folder, content.trim());
            writeFileSync(path, content);
            assert.equal(readConvertsInPlace(path), expected);
        });
    }

    it('is off where there is none', () => assert.equal(readConvertsInPlace(join(folder, 'none')), false));
});
