/** A vCPU that a memory fault took out of KVM_RUN; the VMM says where, and `guestmem show` says the same. */
import assert from 'node:assert/strict';
import type { Vcpu, VmDetails } from '../../src/common/model';
import { guestmem, guestmemJson } from '../support/guestmem';
import { hex, page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

describe('a vCPU at a memory fault', () => {
    const vmm = suiteVmm(['--type', 'sw-protected', '--vcpus', '2']);
    const gpa = () => startOf(vmm().memslot('memfd')) + 3n * page;
    const vcpus = async (): Promise<readonly Vcpu[]> => (await guestmemJson<VmDetails>(['show', vmm().id])).vcpus;
    before('stop the guest’s own conversions', () => vmm().setPaused(true));

    it('halts before', async () => {
        for (const { exit, rip } of await vcpus()) {
            assert.deepEqual(exit, { reason: 'hlt', memoryFault: null });
            assert.equal(rip, '0x5001');
        }
    });

    it('tells the GPA and the access: private memory where no guest_memfd is', async () => {
        await vmm().setAttribute(gpa(), page, 'private');
        const access = await vmm().read(gpa() + 0x123n);
        assert.equal(access.exit, 'memory-fault');
        const [faulted, other] = await vcpus();
        const memoryFault = { gpa: access.faultGpa, size: hex(page), access: 'private' };
        assert.deepEqual(faulted?.exit, { reason: 'memory-fault', memoryFault });
        assert.equal(BigInt(access.faultGpa ?? 0) & ~(page - 1n), gpa());
        assert.deepEqual(other?.exit, { reason: 'hlt', memoryFault: null });
        const { stdout } = await guestmem(['show', vmm().id]);
        assert.match(stdout, new RegExp(`memory-fault at ${access.faultGpa ?? ''} \\(private access\\)\n`));
    });

    it('forgets it with the next exit', async () => {
        await vmm().setAttribute(gpa(), page, 'shared');
        assert.equal((await vmm().read(gpa())).exit, undefined);
        assert.deepEqual((await vcpus())[0]?.exit, { reason: 'hlt', memoryFault: null });
    });
});
