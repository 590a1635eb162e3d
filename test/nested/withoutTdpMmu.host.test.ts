/** Kernels that map VMs by the shadow MMU: the same tests as on the host, in machines that are booted so. */
import assert from 'node:assert/strict';
import { runNested } from '../support/nestedMachine';

const mocha = [process.execPath, 'node_modules/mocha/bin/mocha.js', '--exit', '--timeout', '300000'];

describe('a kernel without the TDP MMU', () => {
    for (const kernelArgument of ['kvm.tdp_mmu=0', 'kvm_amd.npt=0']) {
        it(`does not tell the guest mapping with ${kernelArgument}, and tells of each fault what its address is`, async function () {
            this.timeout(600_000);
            const command = [...mocha, 'out/test/kvm/guestMapping.test.cjs', 'out/test/kvm/faultAddresses.test.cjs'].join(' ');
            const { stdout, stderr, status } = await runNested({ command, kernelArguments: [kernelArgument], timeout: 540_000 });
            assert.equal(status, 0, stdout + stderr);
            assert.match(stdout, /a host without the TDP MMU/);
            assert.match(stdout, /is unknown of every page, with the reason/);
            assert.match(stdout, kernelArgument === 'kvm_amd.npt=0' ? /✔ is the virtual address with paging on/ : /✔ is the GPA with paging on/);
        });
    }
});
