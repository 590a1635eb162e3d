/** The end of an agent whose client goes amid a request. */
import assert from 'node:assert/strict';
import { AgentProcess } from '../support/agentProcess';

describe('an agent whose client goes', () => {
    /** The agent's last words, and how it ended. */
    async function endAmid(method: string): Promise<readonly [string, number | null]> {
        const agent = new AgentProcess(['out/test/support/stuckAgent.cjs']);
        agent.send(method, {}).catch(() => undefined);
        // It is answered after the other one has begun.
        await agent.request('changes', {});
        const status = await agent.end();
        return [await agent.complaints, status];
    }

    it('does not wait for what only looks', async () => {
        assert.deepEqual(await endAmid('vms'), ['', 0]);
    });

    it('waits until a change has stopped', async () => {
        assert.deepEqual(await endAmid('convert'), ['the change has stopped\n', 0]);
    });
});
