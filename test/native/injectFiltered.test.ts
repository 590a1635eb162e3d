/** Injection into threads under seccomp filters: what a filter forbids kills, so it is asked before. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { requireRoot } from '../support/requirements';
import { until } from '../support/until';
import { buildPrograms, DifficultTarget, drive, driveOnce, seccompOracle, type TargetKind } from '../support/injection';

const execute = promisify(execFile);
const getpid = 39;
const badFileDescriptor = -9;

/** No file has this number: the kernel's answer shows that the call was made, and changes nothing. */
const convert = ['attributes', 999, 0, 0x1000, 8] as const;

describe('injection under seccomp filters', function () {
    this.timeout(300_000);

    before('reading another process’s filters needs root', function () {
        requireRoot(this);
    });
    before(buildPrograms);

    /** It tells its number before it may no longer write. */
    async function settled({ pid }: DifficultTarget): Promise<void> {
        const isFiltered = () => /^Seccomp:\t[12]$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
        const isAsleep = () => /^[0-9]/.test(readFileSync(`/proc/${pid}/syscall`, 'utf8'));
        while (!isFiltered() || !isAsleep()) await sleep(5);
    }

    /** Whom nobody holds any more, it goes back to sleep or to its end in its own time. */
    async function atRest({ pid }: DifficultTarget): Promise<void> {
        const path = `/proc/${pid}/status`;
        await until(`process ${pid} sleeps or has ended`, () => !existsSync(path) || /^State:\t[SZX]/m.test(readFileSync(path, 'utf8')));
    }

    async function withTarget(kind: TargetKind, body: (target: DifficultTarget) => Promise<void>): Promise<void> {
        const target = await DifficultTarget.start(kind);
        try {
            await settled(target);
            await body(target);
            process.kill(target.pid, 0);
        } finally {
            await target.kill();
        }
    }

    async function checkForbidden({ pid }: DifficultTarget, words: readonly (string | number)[]): Promise<void> {
        const outcome = await driveOnce([pid, ...words]);
        assert.ok(outcome.kind === 'refused', JSON.stringify(outcome));
        assert.equal(outcome.reason, 'seccomp');
        assert.match(outcome.detail, /the seccomp filter of thread \d+ does not let it make the call/);
    }

    for (const kind of ['filtered', 'filtered-with-log'] as const) {
        it(`makes a call that the filter lets pass: ${kind}`, () =>
            withTarget(kind, async ({ pid }) => {
                const outcome = await driveOnce([pid, 'call', getpid]);
                assert.ok(outcome.kind === 'returned', JSON.stringify(outcome));
                assert.equal(outcome.value, pid);
            }));
    }

    for (const kind of ['filtered-with-trap', 'filtered-with-errno', 'filtered-twice'] as const) {
        it(`refuses a call that the filter forbids: ${kind}`, () =>
            withTarget(kind, async (target) => {
                await checkForbidden(target, ['call', getpid]);
                await checkForbidden(target, convert);
            }));
    }

    it('tells apart ioctls by their request, as the filter does', () =>
        withTarget('filtered-by-ioctl', async (target) => {
            await checkForbidden(target, ['call', getpid]);
            await checkForbidden(target, ['call', 16, 999, 0xae80]);
            const outcome = await driveOnce([target.pid, ...convert]);
            assert.ok(outcome.kind === 'returned', JSON.stringify(outcome));
            assert.equal(outcome.value, badFileDescriptor);
        }));

    it('refuses before any stop where the stop itself could kill', () =>
        withTarget('filtered-sleep', async ({ pid }) => {
            for (const words of [['check'], ['call', getpid]]) {
                const outcome = await driveOnce([pid, ...words]);
                assert.ok(outcome.kind === 'refused', JSON.stringify(outcome));
                assert.equal(outcome.reason, 'seccomp');
                assert.match(outcome.detail, /in a sleep that a stop may end by another system call/);
            }
        }));

    it('refuses the strict mode', () =>
        withTarget('strict', async ({ pid }) => {
            const outcome = await driveOnce([pid, 'check']);
            assert.ok(outcome.kind === 'refused', JSON.stringify(outcome));
            assert.equal(outcome.reason, 'seccomp');
            assert.match(outcome.detail, /strict mode/);
        }));

    it('leaves a filtered process alive when the injector is killed at any step', () =>
        withTarget('filtered-by-ioctl', async ({ pid }) => {
            const { killedAt, outcomes } = await drive(['--kill-at', 'each', '--repeat', 60, pid, 'call', 16, 999, 0x4020aed2]);
            assert.ok((killedAt['read seccomp filter'] ?? 0) > 0, JSON.stringify(killedAt));
            assert.ok(outcomes.length > 0);
            for (const outcome of outcomes) assert.ok(outcome.kind === 'returned' && outcome.value === badFileDescriptor, JSON.stringify(outcome));
        }));

    /** Filters that forbid getpid, and let the process make a harmless call. */
    const forbidding = ['filtered-with-trap', 'filtered-with-errno', 'filtered-by-ioctl', 'filtered-twice'] as const;
    const suspending = ['--suspend-seccomp'] as const;

    for (const kind of forbidding) {
        it(`makes a forbidden call with the filters suspended, and not afterwards: ${kind}`, () =>
            withTarget(kind, async (target) => {
                for (let round = 0; round < 5; round++) {
                    const outcome = await driveOnce([...suspending, target.pid, 'call', getpid]);
                    assert.ok(outcome.kind === 'returned', JSON.stringify(outcome));
                    assert.deepEqual([outcome.value, outcome.suspended], [target.pid, true]);
                }
                await checkForbidden(target, ['call', getpid]);
            }));
    }

    it('suspends nothing where the filters permit the call', () =>
        withTarget('filtered-by-ioctl', async ({ pid }) => {
            const outcome = await driveOnce([...suspending, pid, 'call', 16, 999, 0x4020aed2]);
            assert.ok(outcome.kind === 'returned' && !outcome.suspended, JSON.stringify(outcome));
        }));

    /** Kills the injector after each of its steps in turn, each time with a new process; which steps that process survived. */
    async function stepsSurvived(kind: TargetKind): Promise<Map<string, boolean>> {
        const survived = new Map<string, boolean>();
        for (let step = 1; ; step++) {
            const target = await DifficultTarget.start(kind);
            try {
                await settled(target);
                const { killedAt } = await drive([...suspending, '--kill-at', step, target.pid, 'call', getpid]);
                const [name] = Object.keys(killedAt);
                if (name === undefined) return survived;
                await atRest(target);
                // Alive and able to be injected into again is more than not dead yet.
                const again = await driveOnce([...suspending, target.pid, 'call', getpid]).catch(() => undefined);
                survived.set(name, (survived.get(name) ?? true) && again?.kind === 'returned');
            } finally {
                await target.kill();
            }
        }
    }

    it('leaves a process alive at every step when a filter answers by an errno and the injector is killed', async () => {
        const survived = await stepsSurvived('filtered-with-errno');
        assert.ok(survived.has('suspend seccomp') && survived.has('reveal call'), [...survived.keys()].join());
        assert.deepEqual([...survived].filter(([, alive]) => !alive), []);
    });

    for (const kind of ['filtered-by-ioctl', 'filtered-twice'] as const) {
        it(`leaves a process whose filter kills alive at every step but that of which the preview warns: ${kind}`, async () => {
            const survived = await stepsSurvived(kind);
            assert.ok(survived.has('suspend seccomp') && survived.has('detach'), [...survived.keys()].join());
            assert.equal(survived.get('reveal call'), false);
            // Whether the thread has run on by then is the scheduler's choice.
            survived.delete('resume to revealed call');
            assert.deepEqual([...survived].filter(([, alive]) => !alive), [['reveal call', false]]);
        });
    }

    it('judges calls by random filters as the kernel does', async () => {
        const { stdout } = await execute(seccompOracle, ['1', '2000']);
        const { compared, passed, wrong } = JSON.parse(stdout) as { compared: number; passed: number; wrong: number[] };
        assert.deepEqual(wrong, []);
        assert.ok(passed > 1000 && compared - passed > 10_000, `${compared} calls, of which ${passed} got through`);
    });
});
