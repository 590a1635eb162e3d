/** A change of a VM whose VMM can not execute it, or no longer is what the preview showed; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AnyChangeReport, Change } from '../../src/common/change';
import { GuestmemError, type ErrorCode } from '../../src/common/errors';
import type { VmDetails } from '../../src/common/model';
import { suiteChangeLog } from '../support/changeLog';
import { DifficultVmm, type Trouble } from '../support/difficultVmm';
import { requireKvm, requireProgram, requireRoot } from '../support/requirements';
import { suiteAgent } from '../support/suiteAgent';
import { until } from '../support/until';

const change: Change = { kind: 'log-dirty-pages', addressSpace: 0, memslot: 0, on: true };

describe('a change of a VMM in trouble', () => {
    const log = suiteChangeLog();
    const agent = suiteAgent(() => ({ XDG_STATE_HOME: log().folder }));
    before(function () {
        requireRoot(this);
        requireKvm(this);
    });

    async function withVmm(body: (vmm: DifficultVmm) => Promise<void>, through: readonly string[] = []): Promise<void> {
        const vmm = await DifficultVmm.start(through);
        try {
            await body(vmm);
        } finally {
            await vmm.end();
        }
    }

    const request = (vmm: DifficultVmm, dryRun: boolean): Promise<AnyChangeReport> => agent().request('change', { vm: vmm.id, change, dryRun });
    const flagsNow = async (vmm: DifficultVmm) => {
        const { addressSpaces }: VmDetails = await agent().request('show', { vm: vmm.id });
        return addressSpaces[0]?.memslots.find(({ id }) => id === 0)?.flags;
    };

    async function checkRefused(vmm: DifficultVmm, code: ErrorCode, message: RegExp): Promise<void> {
        const state = vmm.state;
        try {
            await request(vmm, false);
            assert.fail('it was not refused');
        } catch (thrown) {
            assert.ok(thrown instanceof GuestmemError, String(thrown));
            assert.equal(thrown.code, code, thrown.message);
            assert.match(thrown.message, message);
        }
        // A thread that was stopped for a look needs its turn to get back to where it was.
        await until(`the process goes on as it was, in state ${state}`, () => vmm.state === state);
    }

    it('is made where nothing is in its way', () =>
        withVmm(async (vmm) => {
            assert.equal((await request(vmm, true)).pagesChanged, 16);
            assert.deepEqual(await flagsNow(vmm), []);
            assert.equal((await request(vmm, false)).pagesChanged, 16);
            assert.deepEqual(await flagsNow(vmm), ['log-dirty-pages']);
        }));

    const troubles: [what: string, trouble: Trouble, state: string, code: ErrorCode, message: RegExp][] = [
        ['that has become another program', 'exec close', 'S', 'not-a-vmm', /has no KVM virtual machine open/],
        ['that has become another program and kept the VM', 'exec keep', 'S', 'unsupported', /only holds it/],
        ['in an uninterruptible sleep', 'vfork', 'D', 'no-thread', /1 in an uninterruptible sleep\).*ends by itself/],
        ['with a guard page below its stack pointer', 'guard', 'S', 'no-thread', /no room on its stack/],
        ['whose main thread has ended', 'leader', 'Z', 'unsupported', /main thread has ended.* other threads go on/],
        ['whose file descriptor names another VM since the preview', 'replace', 'S', 'no-such-vm', /another VM than the one that the preview showed/],
    ];
    for (const [what, trouble, state, code, message] of troubles) {
        it(`is refused of one ${what}`, () =>
            withVmm(async (vmm) => {
                await request(vmm, true);
                await vmm.getInto(trouble, state);
                await checkRefused(vmm, code, message);
                if (trouble === 'replace' || trouble === 'guard') assert.deepEqual(await flagsNow(vmm), []);
            }));
    }

    it('is made in another VM at the same file descriptor once its own preview was shown', () =>
        withVmm(async (vmm) => {
            await request(vmm, true);
            await vmm.getInto('replace', 'S');
            await request(vmm, true);
            assert.equal((await request(vmm, false)).pagesChanged, 16);
            assert.deepEqual(await flagsNow(vmm), ['log-dirty-pages']);
        }));

    it('is refused of one that is stopped, which stays so, and is made when it goes on', () =>
        withVmm(async (vmm) => {
            vmm.signal('SIGSTOP');
            await vmm.reaches('T');
            await checkRefused(vmm, 'no-thread', new RegExp(`kill -CONT ${vmm.pid}`));
            vmm.signal('SIGCONT');
            await vmm.reaches('S');
            assert.equal((await request(vmm, false)).pagesChanged, 16);
        }));

    it('is refused of one that has ended and not been collected', () =>
        withVmm(async (vmm) => {
            await request(vmm, true);
            vmm.signal('SIGKILL');
            await vmm.reaches('Z');
            await checkRefused(vmm, 'no-such-process', new RegExp(`\\b${vmm.pid}\\b`));
            // A shell that starts it in the background and then becomes a program that waits for nobody.
        }, ['sh', '-c', 'exec 3<&0; "$@" <&3 & exec sleep 1000', 'sh']));

    it('is refused of one that has ended since the preview', () =>
        withVmm(async (vmm) => {
            await request(vmm, true);
            await vmm.end();
            await assert.rejects(request(vmm, false), { code: 'no-such-process' });
        }));

    it('is refused of one that another process traces, which keeps it', async function () {
        requireProgram(this, 'gdb');
        await withVmm(async (vmm) => {
            await request(vmm, true);
            const gdb = spawn('gdb', ['--nx', '--quiet', '--pid', String(vmm.pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
            const exited = once(gdb, 'exit');
            try {
                await vmm.reaches('t');
                await checkRefused(vmm, 'debugger-attached', new RegExp(`\\b${gdb.pid}\\b`));
            } finally {
                gdb.stdin.end('detach\nquit\n');
                await exited;
            }
            assert.equal((await request(vmm, false)).pagesChanged, 16);
        });
    });
});
