/** Injectors that are killed while the VMM's vCPUs run all the time; the VMM goes on. */
import assert from 'node:assert/strict';
import { buildPrograms } from '../support/injection';
import { checkAtWork, killInjectors } from '../support/killedInjector';
import { page } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

const kills = Number(process.env['GUESTMEM_TEST_KILLS'] ?? 2000);

describe(`a VMM at work whose injector is killed, ${kills} times`, function () {
    this.timeout(Math.max(600_000, kills * 500));
    before(buildPrograms);
    const vmm = suiteVmm(['--vcpus', '4', '--rate', '1000']);

    for (const at of ['each', 'random'] as const) {
        it(`at ${at === 'each' ? 'each step' : 'random moments'} goes on, on all its vCPUs`, async () => {
            const outcomes = await killInjectors(vmm(), { kills: Math.ceil(kills / 2), at, gpa: 0n, size: page, attributes: 8, stride: 0n });
            // A VM of type 0 has no private memory: ENOTTY where KVM was built without attributes for it, else EINVAL.
            for (const outcome of outcomes) assert.ok(outcome.kind === 'returned' && [-25, -22].includes(outcome.value), JSON.stringify(outcome));
            await checkAtWork(vmm());
        });
    }
});
