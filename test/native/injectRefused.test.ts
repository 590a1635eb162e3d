/** Processes in which nothing may be executed: each is refused with its reason, before or without harm. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { requireKvm, requireRoot } from '../support/requirements';
import { skip } from '../support/skip';
import { buildPrograms, DifficultTarget, driveOnce, driverProgram, program32Bit, type TargetKind } from '../support/injection';

const getpid = 39;
const poll = 7;
const kvmRun = 0xae80;
const nobody = 65534;

/** A control group whose processes can be frozen. */
function makeFreezer(context: Mocha.Context): string {
    const [, mounted] = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8')) ?? [];
    if (mounted === undefined) return skip(context, 'needs a mounted cgroup2');
    const group = mkdtempSync(join(mounted, 'guestmem-'));
    if (existsSync(join(group, 'cgroup.freeze'))) return group;
    rmdirSync(group);
    return skip(context, 'needs a cgroup2 whose groups can be frozen');
}

describe('injection into a difficult process', function () {
    this.timeout(60_000);

    before(buildPrograms);

    async function withTarget(kind: TargetKind, body: (target: DifficultTarget) => Promise<void>): Promise<void> {
        const target = await DifficultTarget.start(kind);
        try {
            await body(target);
        } finally {
            await target.kill();
        }
    }

    /** A process gets where it is going in its own time. */
    async function untilProcSays(target: DifficultTarget, file: string, what: RegExp): Promise<void> {
        while (!what.test(readFileSync(`/proc/${target.pid}/${file}`, 'utf8'))) await sleep(5);
    }

    type Words = readonly (string | number)[];
    async function checkRefused(pid: number, reason: string, detail: RegExp, options: Words = []): Promise<void> {
        for (const words of [['check'], ['call', getpid]]) {
            const outcome = await driveOnce([...options, pid, ...words]);
            assert.ok(outcome.kind === 'refused', JSON.stringify(outcome));
            assert.equal(outcome.reason, reason);
            assert.match(outcome.detail, detail);
        }
    }

    it('names the process that traces it', () =>
        withTarget('traced', async (target) => {
            await checkRefused(target.pid, 'traced', new RegExp(`traced by process ${target.startedPid} `));
            const outcome = await driveOnce([target.pid, 'check']);
            assert.ok(outcome.kind === 'refused');
            assert.equal(outcome.tracer, target.startedPid);
        }));

    it('refuses a stopped process and leaves it stopped', () =>
        withTarget('sleeping', async (target) => {
            const stopped = /^State:\tT/m;
            process.kill(target.pid, 'SIGSTOP');
            await untilProcSays(target, 'status', stopped);
            await checkRefused(target.pid, 'no-thread', /1 stopped/);
            assert.match(readFileSync(`/proc/${target.pid}/status`, 'utf8'), stopped);
        }));

    it('refuses a frozen process, which does not make the call once it is thawed either', async function () {
        requireRoot(this);
        const group = makeFreezer(this);
        const umask = 95;
        try {
            await withTarget('sleeping', async (target) => {
                const maskNow = () => /^Umask:\t(.*)$/m.exec(readFileSync(`/proc/${target.pid}/status`, 'utf8'))?.[1];
                const before = maskNow();
                writeFileSync(join(group, 'cgroup.procs'), String(target.pid));
                writeFileSync(join(group, 'cgroup.freeze'), '1');
                while (!readFileSync(join(group, 'cgroup.events'), 'utf8').includes('frozen 1')) await sleep(5);
                const outcome = await driveOnce([target.pid, 'call', umask, 0o751]);
                writeFileSync(join(group, 'cgroup.freeze'), '0');
                assert.ok(outcome.kind === 'refused', JSON.stringify(outcome));
                assert.equal(outcome.reason, 'no-thread');
                assert.match(outcome.detail, /frozen/);
                // A call that it makes for certain: what it had before is over by then.
                assert.equal((await driveOnce([target.pid, 'call', getpid])).kind, 'returned');
                assert.equal(maskNow(), before);
            });
        } finally {
            rmdirSync(group);
        }
    });

    it('refuses a process that has exited', () =>
        withTarget('zombie', (target) => checkRefused(target.pid, 'gone', /has exited/)));

    it('refuses a process that never makes a system call', () =>
        withTarget('computing', async (target) => {
            const outcome = await driveOnce([target.pid, 'call', getpid]);
            assert.ok(outcome.kind === 'refused');
            assert.equal(outcome.reason, 'no-thread');
            assert.match(outcome.detail, /is not in a system call/);
        }));

    it('refuses a thread that is in a 32-bit system call', () =>
        withTarget('compatible', async (target) => {
            await untilProcSays(target, 'syscall', /^29 /);
            const outcome = await driveOnce([target.pid, 'call', getpid]);
            assert.ok(outcome.kind === 'refused');
            assert.equal(outcome.reason, 'no-thread');
            assert.match(outcome.detail, /64-bit/);
        }));

    it('refuses a 32-bit program, and stops nothing to find out', async function () {
        const child = spawn(program32Bit, { stdio: 'ignore' });
        try {
            const failure = await new Promise<Error | null>((resolve) => child.once('spawn', () => resolve(null)).once('error', resolve));
            if (failure !== null) skip(this, `this kernel runs no 32-bit programs: ${failure.message}`);
            await checkRefused(child.pid ?? 0, 'unsupported', /is a 32-bit program/);
        } finally {
            child.kill('SIGKILL');
        }
    });

    it('refuses a thread that has a shadow stack', async function () {
        requireRoot(this);
        await withTarget('sleeping', async ({ pid }) => {
            const folder = await mkdtemp(join(tmpdir(), 'guestmem-inject-'));
            try {
                // Few processors have one: instead, what the kernel would say of such a thread is put over what it says, for the
                // driver alone.
                const path = `/proc/${pid}/task/${pid}/status`;
                const said = readFileSync(path, 'utf8').replace(/^x86_Thread_features:.*\n/m, '');
                await writeFile(join(folder, 'status'), `${said}x86_Thread_features:\tshstk \n`);
                const through = ['unshare', '--mount', 'sh', '-c', `mount --bind "$1" "$2" && shift 2 && exec "$@"`, 'sh', join(folder, 'status'), path];
                for (const words of [['check'], ['call', getpid]]) {
                    const outcome = await driveOnce([pid, ...words], { through });
                    assert.ok(outcome.kind === 'refused', JSON.stringify(outcome));
                    assert.equal(outcome.reason, 'no-thread');
                    assert.match(outcome.detail, /1 with a shadow stack/);
                }
                assert.equal((await driveOnce([pid, 'call', getpid])).kind, 'returned');
            } finally {
                await rm(folder, { recursive: true });
            }
        });
    });

    it('refuses when the file descriptor names another VM by now', () =>
        withTarget('sleeping', async (target) => {
            const outcome = await driveOnce(['--other-vm', target.pid, 'attributes', 3, 0, 0x1000, 0]);
            assert.ok(outcome.kind === 'refused');
            assert.equal(outcome.reason, 'gone');
        }));

    it('refuses without the right to trace', async function () {
        requireRoot(this);
        const folder = await mkdtemp(join(tmpdir(), 'guestmem-inject-'));
        try {
            const driver = join(folder, 'driver');
            await copyFile(driverProgram, driver);
            await chmod(folder, 0o755);
            await withTarget('sleeping', async (target) => {
                const outcome = await driveOnce([target.pid, 'call', getpid], { program: driver, user: nobody });
                assert.ok(outcome.kind === 'refused');
                assert.equal(outcome.reason, 'not-permitted');
                assert.match(outcome.detail, /CAP_SYS_PTRACE/);
            });
        } finally {
            await rm(folder, { recursive: true });
        }
    });

    it('says that a process does not exist', () =>
        assert.rejects(driveOnce([2 ** 22 + 1, 'check']), /pidfd_open/));

    describe('with a vCPU', () => {
        const onlyVcpu = (target: DifficultTarget) => ['--busy', kvmRun, '--last-resort', target.pid];

        before(function () {
            requireKvm(this);
        });

        it("refuses while every thread is in KVM_RUN, and leaves KVM's own worker alone", () =>
            withTarget('halted-vcpu', async (target) => {
                await untilProcSays(target, 'syscall', /^16 0x[0-9a-f]+ 0xae80 /);
                // The detail counts the vCPU thread, and nothing else was a candidate.
                await checkRefused(target.pid, 'no-thread', /: 1 in (KVM_RUN|the busy ioctl)$/, onlyVcpu(target));
            }));

        it('uses a vCPU thread that is outside KVM_RUN when there is no other', () =>
            withTarget('vcpu-outside', async (target) => {
                const outcome = await driveOnce([...onlyVcpu(target), target.pid, 'call', getpid]);
                assert.ok(outcome.kind === 'returned', JSON.stringify(outcome));
                assert.equal(outcome.tid, target.pid);
            }));
    });

    it('does not keep a process that is killed during the call from being reaped', () =>
        withTarget('sleeping', async (target) => {
            const outcome = driveOnce([target.pid, 'call', poll, 0, 0, 60_000]);
            await untilProcSays(target, 'syscall', /^7 /); // poll
            await target.kill();
            assert.equal((await outcome).kind, 'unknown');
        }));
});
