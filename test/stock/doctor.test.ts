/** What `guestmem doctor` says of every stock kernel, against what the kernel shows by other means than its types. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { DoctorReport } from '../../src/common/model';
import { guestmemJson } from '../support/guestmem';

const symbols = () => readFileSync('/proc/kallsyms', 'utf8');
const yesOrNo = (there: boolean) => (there ? 'yes' : 'no');

describe('guestmem doctor', () => {
    it('finds all that Guestmem needs, and the features that this kernel has', async () => {
        const { checks, ok } = await guestmemJson<DoctorReport>(['doctor']);
        assert.ok(ok, JSON.stringify(checks.filter((check) => !check.ok)));
        const features = [
            `guest_memfd ${yesOrNo(/ kvm_gmem_create\b/.test(symbols()))}`,
            `memory attributes ${yesOrNo(existsSync('/sys/kernel/tracing/events/kvm/kvm_vm_set_mem_attributes'))}`,
            `PAGEMAP_SCAN ${yesOrNo(/ pagemap_scan_pmd_entry\b/.test(symbols()))}`,
        ];
        const found = checks.find(({ id }) => id === 'kernel-features')?.found ?? '';
        assert.ok(found.startsWith(features.join(', ')), `${found}\nexpected: ${features.join(', ')}`);
        assert.equal(checks.find(({ id }) => id === 'lockdown')?.found, 'kernel lockdown is in mode none');
    });
});
