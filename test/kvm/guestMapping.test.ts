/** The guest mapping on this machine's own KVM, which may or may not have a TDP MMU; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { AddressFacts } from '../../src/common/explain/explanation';
import type { PageMap } from '../../src/common/model';
import { guestmem, guestmemJson } from '../support/guestmem';
import { suiteVmm } from '../support/suiteVmm';

/** KVM's own word on a parameter: a module that is not there uses nothing. */
function isOn(parameter: string): boolean {
    const path = `/sys/module/${parameter}`;
    return existsSync(path) && ['1', 'Y'].includes(readFileSync(path, 'utf8').trim());
}

const hasTdpMmu = isOn('kvm/parameters/tdp_mmu') && (isOn('kvm_intel/parameters/ept') || isOn('kvm_amd/parameters/npt'));

describe(`guest mapping: a host ${hasTdpMmu ? 'with' : 'without'} the TDP MMU`, () => {
    const vmm = suiteVmm();
    const reasons = ({ unknown }: Pick<PageMap, 'unknown'>) =>
        unknown.filter(({ field }) => field === 'guestMapping').map(({ reason }) => reason);

    it(hasTdpMmu ? 'is known of every page' : 'is unknown of every page, with the reason', async () => {
        const map = await guestmemJson<PageMap>(['map', vmm().id]);
        assert.ok(map.runs.every(({ guestMapping }) => (guestMapping !== null) === hasTdpMmu));
        assert.equal(reasons(map).length, hasTdpMmu ? 0 : 1);
        if (!hasTdpMmu) assert.match(reasons(map)[0] ?? '', /shadow MMU/);
    });

    it('is said of one address in the same way', async () => {
        const facts = await guestmemJson<AddressFacts>(['explain', vmm().id, vmm().memslot('memfd').gpa]);
        assert.equal(facts.run.guestMapping !== null, hasTdpMmu);
        assert.equal(reasons(facts).length, hasTdpMmu ? 0 : 1);
    });

    it('is none where no memslot is, whatever maps the VM', async () => {
        const facts = await guestmemJson<AddressFacts>(['explain', vmm().id, '0x600000']);
        assert.deepEqual([facts.memslot, facts.run.guestMapping], [null, { level: 'none', writable: false }]);
    });

    it('has a column on a terminal only where it is known', async () => {
        const { stdout } = await guestmem(['map', vmm().id]);
        assert.equal((stdout.split('\n')[0] ?? '').includes('GUEST MAP'), hasTdpMmu);
    });
});
