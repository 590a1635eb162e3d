/** Injectors that are killed while the VMM's vCPUs run all the time; the VMM goes on. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyChangeReport } from '../../src/common/change';
import { suiteChangeLog } from '../support/changeLog';
import { guestmemJson, guestmemWords } from '../support/guestmem';
import { buildPrograms } from '../support/injection';
import { checkAtWork, killInjectors } from '../support/killedInjector';
import { page } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

const kills = Number(process.env['GUESTMEM_TEST_KILLS'] ?? 2000);

describe(`a VMM at work whose injector is killed, ${kills} times`, function () {
    this.timeout(Math.max(600_000, kills * 500));
    before(buildPrograms);
    const vmm = suiteVmm(['--vcpus', '4', '--rate', '1000']);
    const log = suiteChangeLog();

    for (const at of ['each', 'random'] as const) {
        it(`at ${at === 'each' ? 'each step' : 'random moments'} goes on, on all its vCPUs`, async () => {
            const outcomes = await killInjectors(vmm(), { kills: Math.ceil(kills / 2), at, gpa: 0n, size: page, attributes: 8, stride: 0n });
            // A VM of type 0 has no private memory: ENOTTY where KVM was built without attributes for it, else EINVAL.
            for (const outcome of outcomes) assert.ok(outcome.kind === 'returned' && [-25, -22].includes(outcome.value), JSON.stringify(outcome));
            await checkAtWork(vmm());
        });
    }

    it('goes on when guestmem itself is killed at any moment of a change, which can then be made again', async () => {
        const memslot = String(vmm().memslot('memfd').id);
        const change = (on: string) => ['log-dirty-pages', vmm().id, memslot, on, '--yes', '--json'];
        const begin = performance.now();
        await guestmemJson(change('on').slice(0, -1), log());
        const duration = performance.now() - begin;
        const moments = 24;
        for (let moment = 0; moment < moments; moment++) {
            const [node = '', ...words] = [...guestmemWords, ...change(moment % 2 === 0 ? 'off' : 'on')];
            const child = spawn(node, words, { stdio: 'ignore', env: { ...process.env, XDG_STATE_HOME: log().folder } });
            const exited = once(child, 'exit');
            await sleep((duration * moment) / moments);
            child.kill('SIGKILL');
            await exited;
        }
        await checkAtWork(vmm());
        const off = await guestmemJson<AnyChangeReport>(change('off').slice(0, -1), log());
        const on = await guestmemJson<AnyChangeReport>(change('on').slice(0, -1), log());
        assert.equal(on.pagesAlready, 0);
        assert.equal(off.pagesChanged + off.pagesAlready, on.pagesChanged);
        await checkAtWork(vmm());
    });
});
