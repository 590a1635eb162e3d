/** A VMM that writes garbage where KVM tells why a vCPU exited; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { VmDetails } from '../../src/common/model';
import { compileFixture } from '../native/fixtures';
import { AgentProcess } from '../support/agentProcess';
import { guestmem, guestmemJson } from '../support/guestmem';
import { requireKvm, requireRoot } from '../support/requirements';
import { assertShape } from '../support/schema';

describe('a VMM that writes garbage into kvm_run', () => {
    let child: ChildProcess;
    let vm: string;
    before(async function () {
        requireRoot(this);
        requireKvm(this);
        const started = spawn(compileFixture('garbage_vcpus.c'), { stdio: ['ignore', 'pipe', 'inherit'] });
        child = started;
        const first = await createInterface({ input: started.stdout })[Symbol.asyncIterator]().next();
        vm = `${started.pid ?? 0}:${String(first.value)}`;
    });
    after(async () => {
        child.kill('SIGKILL');
        await once(child, 'exit');
    });

    it('is shown with numbers where there is no name, and with all bits of an address', async () => {
        const { vcpus } = await guestmemJson<VmDetails>(['show', vm]);
        const ones = '0xffffffffffffffff';
        assert.deepEqual(
            vcpus.slice(0, 2).map(({ exit }) => exit),
            [
                { reason: 'exit-4294967295', memoryFault: null },
                { reason: 'memory-fault', memoryFault: { gpa: ones, size: ones, access: 'private' } },
            ],
        );
        const { code, stderr } = await guestmem(['show', vm]);
        assert.deepEqual([code, stderr], [0, '']);
    });

    it('is shown in its shape, whatever the bytes are', async () => {
        const agent = new AgentProcess();
        const reasons = new Set<string | undefined>();
        for (let round = 0; round < 200; round++) {
            const details = await agent.request('show', { vm });
            assertShape('show', details);
            reasons.add(details.vcpus[2]?.exit?.reason);
        }
        assert.ok(reasons.size > 10, 'the bytes changed');
        assert.equal(await agent.end(), 0);
        assert.equal(await agent.complaints, '');
    });
});
