/**
 * The injector is killed at each of its steps and at any moment; the process it was working on must not notice. Together
 * 5,000 times; GUESTMEM_TEST_KILLS names another number.
 */
import assert from 'node:assert/strict';
import { buildPrograms, drive, driveOnce, sumOf, Victim } from '../support/injection';

const getpid = 39;
const kills = Number(process.env['GUESTMEM_TEST_KILLS'] ?? 5000);
// A stop alone, without anything else, makes these calls fail with EINTR if nobody is left to undo that.
const mayInterrupt = ['epoll-timeout', 'epoll-woken', 'signal-wait'];

describe(`injection whose injector is killed, ${kills} times`, function () {
    this.timeout(Math.max(600_000, kills * 100));

    before(buildPrograms);

    async function withVictim(body: (victim: Victim) => Promise<void>): Promise<void> {
        const victim = await Victim.start();
        try {
            await body(victim);
        } finally {
            await victim.kill();
        }
    }

    /** Every signal that was sent meanwhile was taken once: checkUnharmed compares, this says that there were some. */
    function checkSignals(victim: Victim): void {
        for (const name of ['queued-signals', 'signal-wait', 'timer', 'read-woken', 'ppoll-signal', 'poll-signal']) {
            assert.ok(victim.thread(name).signals > 100, `${name} took ${victim.thread(name).signals} signals`);
        }
    }

    it('at each step leaves every thread as it was', () =>
        withVictim(async (victim) => {
            const share = Math.ceil(kills * 0.6);
            const { outcomes, killedAt } = await drive([
                ...['--kills', share, '--kill-at', 'each', '--only', victim.tids],
                ...[victim.pid, 'call', getpid],
            ]);
            assert.equal(sumOf(killedAt), share);
            const steps = ['seize', 'interrupt', 'wait', 'write frame', 'write registers', 'resume to system call'];
            for (const step of [...steps, 'detach']) {
                assert.ok((killedAt[step] ?? 0) > share / 100, `killed ${killedAt[step] ?? 0} times after '${step}'`);
            }
            assert.ok(outcomes.length > share / 100, 'some injections have no step left to be killed at');
            await victim.checkUnharmed(mayInterrupt);
            checkSignals(victim);
        }));

    it('at a random moment leaves every thread as it was', () =>
        withVictim(async (victim) => {
            const share = Math.ceil(kills * 0.4);
            const { killedAt } = await drive([
                ...['--kills', share, '--kill-at', 'random', '--only', victim.tids],
                ...[victim.pid, 'call', getpid],
            ]);
            assert.equal(sumOf(killedAt), share);
            assert.ok(Object.keys(killedAt).length > 3, `killed only after ${Object.keys(killedAt).join(', ')}`);
            await victim.checkUnharmed(mayInterrupt);
            checkSignals(victim);
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
