/** A VMM that is killed while it is read; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WireError } from '../../src/common/errors';
import { DemoVmm } from '../support/demoVmm';
import { guestmem } from '../support/guestmem';
import { requireKvm, requireRoot } from '../support/requirements';

describe('a VMM that is killed while it is read', function () {
    this.timeout(240_000);
    before(function () {
        requireKvm(this);
        requireRoot(this);
    });

    for (const words of [['show'], ['map'], ['read', '0x100000000', '0x4000000']]) {
        it(`${words[0] ?? ''} ends with all of its answer, or says that the VM ended`, async () => {
            const outcomes = new Set<string>();
            for (let delay = 40; delay <= 280; delay += 40) {
                const vmm = await DemoVmm.start(['--slots', '8000', '--memory', '64M', '--populate']);
                try {
                    const [verb = '', ...rest] = words;
                    const reading = guestmem([verb, vmm.id, ...rest, '--json']);
                    await sleep(delay);
                    vmm.kill();
                    const outcome = await reading;
                    const answer = JSON.parse(outcome.stdout) as { error?: WireError };
                    if (outcome.code === 0) assert.equal(answer.error, undefined);
                    else {
                        assert.equal(outcome.code, 4, outcome.stdout + outcome.stderr);
                        assert.match(answer.error?.code ?? '', /^(no-such-process|no-such-vm|not-a-vmm)$/);
                    }
                    outcomes.add(String(outcome.code));
                } finally {
                    await vmm.stop();
                }
            }
            console.log(`      exit codes seen: ${[...outcomes].sort().join(', ')}`);
        });
    }
});
