/** What `guestmem doctor` says of every stock kernel, against what the kernel shows by other means than its types. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { DoctorReport } from '../../src/common/model';
import { guestmemJson } from '../support/guestmem';

/** Each feature brought a function that is never compiled into its callers. */
const featureFunctions = {
    guest_memfd: 'kvm_gmem_create',
    'memory attributes': 'kvm_range_has_memory_attributes',
    PAGEMAP_SCAN: 'pagemap_scan_pmd_entry',
};

describe('guestmem doctor', () => {
    it('finds all that Guestmem needs, and the features that this kernel has', async () => {
        const { checks, ok } = await guestmemJson<DoctorReport>(['doctor']);
        assert.ok(ok, JSON.stringify(checks.filter((check) => !check.ok)));
        const symbols = new Set(readFileSync('/proc/kallsyms', 'utf8').split('\n').map((line) => line.split(/\s/)[2]));
        const features = Object.entries(featureFunctions)
            .map(([feature, name]) => `${feature} ${symbols.has(name) ? 'yes' : 'no'}`)
            .join(', ');
        const found = checks.find(({ id }) => id === 'kernel-features')?.found ?? '';
        assert.ok(found.startsWith(features), `${found}\nexpected: ${features}`);
        assert.equal(checks.find(({ id }) => id === 'lockdown')?.found, 'kernel lockdown is in mode none');
    });
});
