/** An agent that never answers `vms`, and whose `convert` takes an instant to stop, as a change between two pieces does. */
import { makeHandlers } from '../../src/agent/handlers';
import { serve } from '../../src/agent/protocol/server';

// With nothing to wait for the process would end by itself.
const never = new Promise<never>(() => setInterval(() => undefined, 1000));

void serve((readMap, askClient) => ({
    ...makeHandlers(readMap, askClient),
    vms: () => never,
    convert: async (_params, pace) => {
        try {
            return await pace.unlessCancelled(never);
        } finally {
            await new Promise((resolve) => setTimeout(resolve, 50));
            process.stderr.write('the change has stopped\n');
        }
    },
})).then((status) => process.exit(status));
