/** System calls executed inside a process that checks itself, over and over, through every kind of its threads. */
import assert from 'node:assert/strict';
import { requireKvm } from '../support/requirements';
import { buildPrograms, drive, driveOnce, Victim } from '../support/injection';

const getpid = 39;
const poll = 7;
const write = 1;
const ioctl = 16;
const checkExtension = 0xae03;
const memslotLimit = 10; // KVM_CAP_NR_MEMSLOTS

describe('injection', function () {
    this.timeout(120_000);
    let victim: Victim;

    before(async () => {
        await buildPrograms();
        victim = await Victim.start();
    });
    after(() => victim.kill());
    afterEach(() => victim.checkUnharmed());

    it('finds nothing against it, and stops nothing to find out', async () => {
        assert.deepEqual(await driveOnce([victim.pid, 'check']), { kind: 'permitted' });
    });

    it('executes a call in the process, not in ours', async () => {
        const outcome = await driveOnce([victim.pid, 'call', getpid]);
        assert.ok(outcome.kind === 'returned');
        assert.equal(outcome.value, victim.pid);
    });

    it('hands over the bytes that an argument points to', async () => {
        const text = 'written by the victim\n';
        const outcome = await driveOnce(['--payload', text, victim.pid, 'call', write, 1, 0, text.length]);
        assert.ok(outcome.kind === 'returned');
        assert.equal(outcome.value, text.length);
        assert.equal(await victim.nextLine(), text.trimEnd());
    });

    it('gives back an error as the kernel returned it', async () => {
        const outcome = await driveOnce([victim.pid, 'call', write, 9999, 0, 0]);
        assert.ok(outcome.kind === 'returned');
        assert.equal(outcome.value, -9); // EBADF
    });

    it('executes a KVM ioctl that the kernel takes only from the VMM', async function () {
        requireKvm(this);
        const outcome = await driveOnce([victim.pid, 'call', ioctl, victim.vmFd, checkExtension, memslotLimit]);
        assert.ok(outcome.kind === 'returned');
        assert.ok(outcome.value > 0, `KVM_CAP_NR_MEMSLOTS is ${outcome.value}`);
    });

    it("sets memory attributes with the VM's own answer", async function () {
        requireKvm(this);
        const outcome = await driveOnce([victim.pid, 'attributes', victim.vmFd, 0, 0x1000, 8]);
        assert.ok(outcome.kind === 'returned');
        // A VM of type 0 has no private memory: ENOTTY where KVM was built without attributes for it, else EINVAL.
        assert.ok([-25, -22].includes(outcome.value), `returned ${outcome.value}`);
    });

    it('passes through every thread, many times, and none notices', async () => {
        const { outcomes } = await drive(['--repeat', 1200, '--only', victim.tids, victim.pid, 'call', getpid]);
        assert.equal(outcomes.length, 1200);
        const used = new Set<number>();
        for (const outcome of outcomes) {
            assert.ok(outcome.kind === 'returned', JSON.stringify(outcome));
            assert.equal(outcome.value, victim.pid);
            used.add(outcome.tid);
        }
        for (const tid of victim.tids.split(',')) assert.ok(used.has(Number(tid)), `thread ${tid} was never used`);
    });

    it('lets go of a call that blocks, and the thread comes back by itself', async () => {
        const tid = victim.thread('poll-timeout').tid;
        // Longer than an injector waits, also one that gets its turn late.
        const outcome = await driveOnce(['--only', tid, victim.pid, 'call', poll, 0, 0, 5000]);
        assert.ok(outcome.kind === 'unknown', JSON.stringify(outcome));
        assert.equal(outcome.tid, tid);
    });
});
