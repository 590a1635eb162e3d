/** One agent for a whole suite, for machines on which all is emulated: there every start of a command line takes seconds. */
import assert from 'node:assert/strict';
import { AgentProcess } from './agentProcess';

/** `environment`: variables beside ours, asked for when it starts. Call it inside `describe`; the function it returns gives the agent to the tests. */
export function suiteAgent(environment: () => NodeJS.ProcessEnv = () => ({})): () => AgentProcess {
    let agent: AgentProcess | undefined;
    before('start the agent', () => {
        agent = new AgentProcess(undefined, undefined, environment());
    });
    after('end the agent', () => agent?.end());
    return () => agent ?? assert.fail('the agent was not started');
}
