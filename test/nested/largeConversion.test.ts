/**
 * A conversion of many pieces: its progress, and what is told and can be taken back when it does not come to its end,
 * because it is cancelled, the VMM stops or ends, or nobody is left to ask for it.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import type { ChangeList, ChangeRecord, ConvertReport } from '../../src/common/change';
import { GuestmemError } from '../../src/common/errors';
import { unpackPageRuns } from '../../src/common/packedRuns';
import { isPrivate } from '../../src/common/pageState';
import { AgentProcess } from '../support/agentProcess';
import { suiteChangeLog } from '../support/changeLog';
import { DemoVmm, type DemoMemslot } from '../support/demoVmm';
import { checkAtWork } from '../support/killedInjector';
import { hex, page } from '../support/pages';
import { requireKvm, requireRoot } from '../support/requirements';

const piece = 16n << 20n;
const size = 1n << 30n;
const pages = Number(size / page);

interface Range {
    readonly gpa: string;
    readonly size: string;
}

describe('a conversion of 1 GiB', function () {
    const log = suiteChangeLog();
    let vmm: DemoVmm;
    let slot: DemoMemslot;
    let agent: AgentProcess;
    const startAgent = () => (agent = new AgentProcess(undefined, undefined, { XDG_STATE_HOME: log().folder }));

    before(function () {
        requireRoot(this);
        requireKvm(this);
    });
    beforeEach(async () => {
        vmm = await DemoVmm.start(['--type', 'sw-protected', '--gmem', '1G', '--rate', '50']);
        slot = vmm.report.memslots.find((candidate) => candidate.size === hex(size)) ?? assert.fail('no memslot of 1 GiB');
        startAgent();
    });
    afterEach(async () => {
        await agent.end();
        await vmm.stop();
    });

    const convert = (to: 'private' | 'shared', cancellation?: CancellationTokenSource) =>
        agent.send('convert', { vm: vmm.id, range: { gpa: slot.gpa, size: slot.size }, to, dryRun: false, progressToken: 1 }, cancellation) as Promise<ConvertReport>;

    async function privateNow(): Promise<Range[]> {
        const { runs } = await agent.request('map', { vm: vmm.id, addressSpace: 0, range: { gpa: slot.gpa, size: slot.size } });
        const { count, gfns, pages: lengths, states } = unpackPageRuns(runs);
        return Array.from({ length: count }, (_, row) => row)
            .filter((row) => isPrivate(states[row] ?? 0))
            .map((row) => ({ gpa: hex(BigInt(gfns[row] ?? 0) * page), size: hex(BigInt(lengths[row] ?? 0) * page) }));
    }

    async function lastRecord(): Promise<ChangeRecord> {
        const { changes }: ChangeList = await agent.request('changes', { vm: vmm.id });
        return changes.at(-1) ?? assert.fail('nothing is on record');
    }

    /** The first word that something was converted, from the agent that converts. */
    async function untilPagesAreConverted(): Promise<void> {
        while (!agent.progress.some(({ done }) => done > 0)) await sleep(2);
    }

    const merged = (ranges: readonly Range[]) =>
        ranges.reduce<{ gpa: string; size: string }[]>((all, range) => {
            const last = all.at(-1);
            if (last !== undefined && BigInt(last.gpa) + BigInt(last.size) === BigInt(range.gpa)) last.size = hex(BigInt(last.size) + BigInt(range.size));
            else all.push({ ...range });
            return all;
        }, []);

    /** Whole pieces from the start of the memslot on, neither none nor all of them. */
    function checkWholePieces(ranges: readonly Range[]): number {
        const [range, ...others] = ranges;
        assert.ok(range !== undefined && others.length === 0, JSON.stringify(ranges));
        assert.equal(range.gpa, slot.gpa);
        assert.equal(BigInt(range.size) % piece, 0n);
        assert.ok(BigInt(range.size) < size, 'it was not stopped in the middle');
        return Number(BigInt(range.size) / page);
    }

    async function stopped(conversion: Promise<ConvertReport>): Promise<GuestmemError> {
        const thrown: unknown = await conversion.then(
            () => assert.fail('it came to its end'),
            (error: unknown) => error,
        );
        assert.ok(thrown instanceof GuestmemError, String(thrown));
        return thrown;
    }

    /** What the error and the record tell is what the kernel has, and undoing it leaves nothing of it. */
    async function checkReported(error: GuestmemError, cause: RegExp): Promise<void> {
        assert.equal(error.code, 'partial-change', error.message);
        assert.match(error.message, cause);
        const ranges = await privateNow();
        const converted = checkWholePieces(ranges);
        assert.equal(error.data['pagesChanged'], converted);
        assert.deepEqual(merged(error.data['done'] as Range[]), ranges);
        const record = await lastRecord();
        assert.deepEqual([record.result, record.pagesChanged], ['partial', converted]);
        const undone = await agent.request('undo', { vm: vmm.id, dryRun: false });
        assert.equal(undone.pagesChanged, converted);
        assert.deepEqual(await privateNow(), []);
        await checkAtWork(vmm);
    }

    it('goes in pieces, tells how far it is, and comes to its end', async () => {
        const report = await convert('private');
        assert.deepEqual([report.pagesChanged, report.pagesAlready], [pages, 0]);
        const told = agent.progress.map(({ done, total }) => [done, total] as const).filter(([, total]) => total === pages);
        assert.ok(told.length > 3, `progress was told ${told.length} times`);
        assert.deepEqual(told.map(([done]) => done), told.map(([done]) => done).sort((a, b) => a - b));
        assert.deepEqual(await privateNow(), [{ gpa: slot.gpa, size: slot.size }]);
        console.log(`      held for ${report.stoppedMicroseconds} µs in all, ${Number(size / piece)} pieces`);
    });

    it('stops where it is cancelled', async () => {
        const cancellation = new CancellationTokenSource();
        const error = stopped(convert('private', cancellation));
        await untilPagesAreConverted();
        cancellation.cancel();
        await checkReported(await error, /stopped after \d+ of \d+ pages: Cancelled/);
    });

    it('stops where the VMM is stopped', async () => {
        const error = stopped(convert('private'));
        await untilPagesAreConverted();
        vmm.kill('SIGSTOP');
        const told = await error;
        vmm.kill('SIGCONT');
        await checkReported(told, /\d+ stopped\).*kill -CONT/);
    });

    it('stops where the VMM ends', async () => {
        const error = stopped(convert('private'));
        await untilPagesAreConverted();
        vmm.kill('SIGKILL');
        const { code, message, data } = await error;
        assert.equal(code, 'partial-change', message);
        assert.equal(Number(data['pagesChanged']) % Number(piece / page), 0);
        assert.ok(Number(data['pagesChanged']) > 0);
    });

    it('stops where its client goes away, and is on record with what was done', async () => {
        void convert('private').catch(() => undefined);
        await untilPagesAreConverted();
        assert.equal(await agent.end(), 0);
        startAgent();
        const record = await lastRecord();
        const converted = checkWholePieces(await privateNow());
        assert.deepEqual([record.result, record.pagesChanged], ['partial', converted]);
        assert.equal((await agent.request('undo', { vm: vmm.id, dryRun: false })).pagesChanged, converted);
        assert.deepEqual(await privateNow(), []);
        await checkAtWork(vmm);
    });

    it('leaves the VMM as it was where the agent is killed, and is on record as begun', async () => {
        void convert('private').catch(() => undefined);
        await untilPagesAreConverted();
        agent.child.kill('SIGKILL');
        await agent.exitStatus();
        startAgent();
        checkWholePieces(await privateNow());
        assert.equal((await lastRecord()).result, 'begun');
        await assert.rejects(agent.request('undo', { vm: vmm.id, dryRun: false }), /nobody recorded what came/);
        await checkAtWork(vmm);
        await convert('shared');
        assert.deepEqual(await privateNow(), []);
    });
});
