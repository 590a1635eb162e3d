/** The injector is killed at each of its steps and at any moment; the process it was working on must not notice. */
import assert from 'node:assert/strict';
import { buildPrograms, drive, driveOnce, Victim } from './injectSupport';

const getpid = 39;
// A stop alone, without anything else, makes epoll_wait fail with EINTR if nobody is left to undo that.
const mayInterrupt = ['epoll-timeout', 'epoll-woken'];

describe('injection whose injector is killed', function () {
    this.timeout(300_000);

    before(buildPrograms);

    async function withVictim(body: (victim: Victim) => Promise<void>): Promise<void> {
        const victim = await Victim.start();
        try {
            await body(victim);
        } finally {
            await victim.kill();
        }
    }

    it('at each step leaves every thread as it was', () =>
        withVictim(async (victim) => {
            const { outcomes, killedAt } = await drive([
                ...['--repeat', 1000, '--kill-at', 'each', '--only', victim.tids],
                ...[victim.pid, 'call', getpid],
            ]);
            const steps = ['seize', 'interrupt', 'wait', 'write frame', 'write registers', 'resume to system call'];
            for (const step of [...steps, 'detach']) {
                assert.ok((killedAt[step] ?? 0) > 10, `killed ${killedAt[step] ?? 0} times after '${step}'`);
            }
            assert.ok(outcomes.length > 10, 'some injections have no step left to be killed at');
            await victim.checkUnharmed(mayInterrupt);
        }));

    it('at a random moment leaves every thread as it was', () =>
        withVictim(async (victim) => {
            const { killedAt } = await drive([
                ...['--repeat', 500, '--kill-at', 'random', '--only', victim.tids],
                ...[victim.pid, 'call', getpid],
            ]);
            assert.ok(Object.keys(killedAt).length > 3, `killed only after ${Object.keys(killedAt).join(', ')}`);
            await victim.checkUnharmed(mayInterrupt);
        }));

    it('half-way through writing the stub leaves a process that can be injected into', async () => {
        for (const step of [6, 9, 13]) {
            await withVictim(async (victim) => {
                const { killedAt } = await drive(['--kill-at', step, victim.pid, 'call', getpid]);
                assert.deepEqual(killedAt, { 'write word': 1 });
                const outcome = await driveOnce([victim.pid, 'call', getpid]);
                assert.ok(outcome.kind === 'returned');
                assert.equal(outcome.value, victim.pid);
                await victim.checkUnharmed(mayInterrupt);
            });
        }
    });
});
