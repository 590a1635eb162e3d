/** The agent's protocol on stdin and stdout, against a real VM; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { readlinkSync } from 'node:fs';
import { CancellationTokenSource } from 'vscode-jsonrpc/node';
import { protocolVersion } from '../../src/common/agentProtocol';
import { unpackPageRuns } from '../../src/common/packedRuns';
import { GuestmemError, type ErrorCode } from '../../src/common/errors';
import type { MemoryRead, PageMap, VmDetails, VmList } from '../../src/common/model';
import { pageRunAt } from '../../src/common/pageRuns';
import { AgentProcess } from '../support/agentProcess';
import { guestmemJson } from '../support/guestmem';
import { suiteVmm } from '../support/suiteVmm';

const failsWith = (code: ErrorCode) => (thrown: unknown) => {
    assert.ok(thrown instanceof GuestmemError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    return true;
};

describe('the agent', () => {
    // The guest rests: what a vCPU says of itself in the middle of its work is another thing each time.
    const vmm = suiteVmm(['--slots', '8000', '--rate', '0']);
    const agents: AgentProcess[] = [];
    const start = (...words: string[]): AgentProcess => {
        const agent = new AgentProcess(words.length > 0 ? words : undefined);
        agents.push(agent);
        return agent;
    };
    afterEach('end the agents', async () => {
        for (const agent of agents.splice(0)) {
            agent.child.kill('SIGKILL');
            await agent.exitStatus();
        }
    });

    it('says who it is, keeps no directory busy, and ends with its stdin', async () => {
        for (const words of [['dist/agent.js'], ['dist/agent.js', 'agent'], ['dist/guestmem.js', 'agent']]) {
            const agent = start(...words);
            const info = await agent.request('initialize', { protocol: protocolVersion });
            assert.deepEqual([info.protocol, info.pid, info.uid], [protocolVersion, agent.child.pid, 0]);
            assert.equal(readlinkSync(`/proc/${info.pid}/cwd`), '/');
            assert.equal(await agent.end(), 0, words.join(' '));
            assert.equal(await agent.complaints, '');
        }
    });

    it('refuses a client of another protocol', async () => {
        await assert.rejects(start().request('initialize', { protocol: protocolVersion + 1 }), failsWith('agent'));
    });

    it('answers as the command line does', async () => {
        const agent = start();
        const vm = vmm().id;
        const listed = await agent.request('vms', {});
        const expected = (await guestmemJson<VmList>(['vms'])).vms.find(({ id }) => id === vm);
        assert.deepEqual(listed.vms.find(({ id }) => id === vm), expected);
        assert.deepEqual(await agent.request('show', { vm }), await guestmemJson<VmDetails>(['show', vm]));

        const map = await agent.request('map', { vm, addressSpace: 0 });
        const runs = unpackPageRuns(map.runs);
        const told = await guestmemJson<PageMap>(['map', vm]);
        assert.deepEqual(Array.from({ length: runs.count }, (_, index) => pageRunAt(runs, index)), told.runs);
        assert.deepEqual(map.totals, told.totals);

        const read = await agent.request('read', { vm, gpa: '0x10ff00', size: '0x200' });
        const fromCli = await guestmemJson<MemoryRead>(['read', vm, '0x10ff00', '0x200']);
        assert.equal(Buffer.from(read.bytes).toString('base64'), fromCli.bytes);
        assert.deepEqual(read.ranges, fromCli.ranges);
    });

    it('answers short requests while a long one runs, and tells the long one’s progress', async () => {
        const agent = start();
        const vm = vmm().id;
        await agent.request('show', { vm });
        // On a busy machine the agent may hear of the second one when it has the map already.
        let first = 'map';
        for (let attempt = 0; attempt < 20 && first === 'map'; attempt++) {
            const order: string[] = [];
            await Promise.all([
                agent.request('map', { vm, addressSpace: 0, progressToken: 7 }).then(() => order.push('map')),
                agent.request('explain', { vm, addressSpace: 0, gpa: '0x1000' }).then(() => order.push('explain')),
            ]);
            [first = ''] = order;
        }
        assert.equal(first, 'explain');
        assert.ok(agent.progress.length > 0);
        for (const { token, done, total } of agent.progress) assert.ok(token === 7 && done <= total, `${done} of ${total}`);
    });

    it('stops what is cancelled', async () => {
        const agent = start();
        const vm = vmm().id;
        await agent.request('show', { vm });
        // On a busy machine the map may be there before the agent hears of the cancellation.
        let outcome: unknown = 'answered';
        for (let attempt = 0; attempt < 20 && outcome === 'answered'; attempt++) {
            const cancellation = new CancellationTokenSource();
            const map = agent.send('map', { vm, addressSpace: 0 }, cancellation);
            cancellation.cancel();
            outcome = await map.then(
                () => 'answered',
                (thrown: unknown) => thrown,
            );
        }
        failsWith('cancelled')(outcome);
        assert.equal((await agent.request('show', { vm })).vm.id, vm);
    });

    it('refuses what is no request, and goes on', async () => {
        const agent = start();
        const vm = vmm().id;
        const wrong: [string, unknown][] = [
            ['toString', {}],
            ['__proto__', {}],
            ['show', {}],
            ['show', { vm: { pid: 1 } }],
            ['show', [vm]],
            ['map', { vm, addressSpace: -1 }],
            ['map', { vm, addressSpace: 7 }],
            ['map', { vm, addressSpace: 0, range: { gpa: '0x1', size: '0x1000' } }],
            ['map', { vm, addressSpace: 0, progressToken: 'x' }],
            ['read', { vm, gpa: '0x0', size: '0xffffffffffff' }],
            ['explain', { vm, addressSpace: 0, gpa: 'here' }],
            ['convert', { vm, range: { gpa: '0x0', size: '0x1000' }, to: 'public', dryRun: true }],
            ['convert', { vm, range: { gpa: '0x0', size: '0x1000' }, to: 'private' }],
        ];
        for (const [method, params] of wrong) await assert.rejects(agent.send(method, params), failsWith('usage'), method);
        assert.equal((await agent.request('show', { vm })).vm.id, vm);
    });

    it('ends with status 1 and says why when stdin speaks something else', async () => {
        const agent = start();
        agent.child.stdin.write('GET / HTTP/1.1\r\n\r\n');
        assert.equal(await agent.exitStatus(), 1);
        assert.match(await agent.complaints, /does not speak the agent's protocol.*GET/);
    });

    it('ends when its client vanishes in the middle of an answer', async () => {
        const agent = start();
        const unanswered = assert.rejects(agent.request('map', { vm: vmm().id, addressSpace: 0 }));
        agent.child.stdout.destroy();
        agent.child.stdin.destroy();
        assert.equal(await agent.exitStatus(), 0);
        await unanswered;
    });
});
