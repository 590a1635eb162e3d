import assert from 'node:assert/strict';
import { vmName } from '../../../src/agent/discovery/vmName';

describe('the name of a VM', () => {
    const expected: [string, string | null][] = [
        ['/usr/bin/qemu-system-x86_64 -name vm1 -m 1G', 'vm1'],
        ['qemu-system-x86_64 -name guest=vm1,debug-threads=on', 'vm1'],
        ['qemu-system-x86_64 -name debug-threads=on,guest=vm1', 'vm1'],
        ['qemu-system-x86_64 --name vm1,process=x', 'vm1'],
        ['qemu-system-x86_64 -name guest=a,,b,debug-threads=on', 'a,b'],
        ['qemu-system-x86_64 -name debug-threads=on', null],
        ['qemu-system-x86_64 -m 1G', null],
        ['crosvm run --name my-vm kernel', 'my-vm'],
        ['crosvm run --name a,guest=b kernel', 'a,guest=b'],
        ['firecracker --id abc --api-sock x', 'abc'],
        ['firecracker --id=abc', 'abc'],
        ['cloud-hypervisor --vm-name=ch1', 'ch1'],
        ['vmm --id 7 --name proper', 'proper'],
        ['vmm --name', null],
        ['vmm --name=', null],
        ['--name vmm', null],
        ['', null],
    ];
    for (const [line, name] of expected) {
        it(`of '${line}' is ${name ?? 'none'}`, () => assert.equal(vmName(line.split(' ')), name));
    }

    it('is data, whatever bytes it has, and bounded', () => {
        assert.equal(vmName(['vmm', '--name', '\x1b]0;owned\x07']), '\x1b]0;owned\x07');
        assert.equal(vmName(['vmm', '--name', 'x'.repeat(100_000)])?.length, 256);
    });
});
