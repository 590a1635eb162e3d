/** Injection into threads under seccomp filters: what a filter forbids kills, so it is asked before. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { requireRoot } from '../support/requirements';
import { buildPrograms, DifficultTarget, drive, driveOnce, seccompOracle, type TargetKind } from '../support/injection';

const execute = promisify(execFile);
const getpid = 39;
const badFileDescriptor = -9;

/** No file has this number: the kernel's answer shows that the call was made, and changes nothing. */
const convert = ['attributes', 999, 0, 0x1000, 8] as const;

describe('injection under seccomp filters', function () {
    this.timeout(60_000);

    before('reading another process’s filters needs root', function () {
        requireRoot(this);
    });
    before(buildPrograms);

    async function withTarget(kind: TargetKind, body: (target: DifficultTarget) => Promise<void>): Promise<void> {
        const target = await DifficultTarget.start(kind);
        try {
            // It tells its number before it may no longer write.
            const isFiltered = () => /^Seccomp:\t[12]$/m.test(readFileSync(`/proc/${target.pid}/status`, 'utf8'));
            const isAsleep = () => /^[0-9]/.test(readFileSync(`/proc/${target.pid}/syscall`, 'utf8'));
            while (!isFiltered() || !isAsleep()) await sleep(5);
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

    it('judges calls by random filters as the kernel does', async () => {
        const { stdout } = await execute(seccompOracle, ['1', '2000']);
        const { compared, passed, wrong } = JSON.parse(stdout) as { compared: number; passed: number; wrong: number[] };
        assert.deepEqual(wrong, []);
        assert.ok(passed > 1000 && compared - passed > 10_000, `${compared} calls, of which ${passed} got through`);
    });
});
