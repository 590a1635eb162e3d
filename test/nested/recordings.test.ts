/** Recordings that an agent holds, where the kernel tells what vCPUs do. */
import assert from 'node:assert/strict';
import { page } from '../support/pages';
import { suiteRecordings } from '../support/suiteRecordings';
import { suiteTwoVms } from '../support/twoVms';

describe('recording one of two VMs of a process', () => {
    const { start, stop, list } = suiteRecordings();
    const vms = suiteTwoVms();

    it('tells nothing that the vCPU of the other does, on the same thread', async () => {
        const { recording } = await start(vms().idOf(0));
        assert.equal((await vms().tell('touch 1 9000')).byte, 1);
        assert.equal((await vms().tell('touch 0 8000')).byte, 1);
        await stop(recording);
        const { events } = await list(recording, { kinds: ['fault', 'mapped'] });
        const pages = new Set(events.map((event) => ('gpa' in event ? BigInt(event.gpa) / page : -1n)));
        assert.ok(pages.has(8n), 'what its own vCPU did is not told');
        assert.ok(!pages.has(9n), 'what the other VM did is told');
    });
});
