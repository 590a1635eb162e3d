/** A VMM that is killed while it is read; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WireError } from '../../src/common/errors';
import { DemoVmm } from '../support/demoVmm';
import { guestmem } from '../support/guestmem';
import { requireKvm, requireRoot } from '../support/requirements';
import { describeVanishingVmm } from '../support/vanishingVmmSuite';

describeVanishingVmm(['--slots', '1000', '--memory', '32M', '--populate'], 10);

describe('a VMM that is killed while it is read', function () {
    this.timeout(180_000); // many VMMs, one after the other
    before(function () {
        requireKvm(this);
        requireRoot(this);
    });

    const start = () => DemoVmm.start(['--slots', '4000', '--memory', '32M', '--populate']);
    const read = (vmm: DemoVmm, [verb = '', ...rest]: readonly string[]) => guestmem([verb, vmm.id, ...rest, '--json']);

    for (const words of [['show'], ['map'], ['findings'], ['read', '0x100000000', '0x400000']]) {
        it(`${words[0] ?? ''} ends with all of its answer, or says that the VM ended`, async () => {
            const undisturbed = await start();
            const begin = performance.now();
            assert.equal((await read(undisturbed, words)).code, 0);
            const duration = performance.now() - begin;
            await undisturbed.stop();

            const codes: (number | null)[] = [];
            for (const tenth of [1, 3, 4, 5, 6, 7, 8]) {
                const vmm = await start();
                const reading = read(vmm, words);
                await sleep((duration * tenth) / 10);
                vmm.kill();
                const { code, stdout, stderr } = await reading;
                await vmm.stop();
                const { error } = JSON.parse(stdout) as { error?: WireError };
                if (code === 0) assert.equal(error, undefined);
                else {
                    assert.equal(code, 4, stdout + stderr);
                    assert.match(error?.code ?? '', /^(no-such-process|no-such-vm|not-a-vmm)$/);
                }
                codes.push(code);
            }
            console.log(`      exit codes, killed earlier to later: ${codes.join(' ')}`);
        });
    }
});
