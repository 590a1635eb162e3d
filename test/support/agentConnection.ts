/** Speaks to a built agent over its stdin and stdout, as the extension does, for tests and benchmarks without a window. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter, type MessageConnection } from 'vscode-jsonrpc/node';
import { protocolVersion, type AgentMethod, type AgentMethods } from '../../src/common/agentProtocol';
import { messagePackCodec } from '../../src/common/messagePackCodec';

export class AgentConnection {
    private constructor(
        private readonly child: ChildProcess,
        private readonly connection: MessageConnection,
    ) {}

    static async start(): Promise<AgentConnection> {
        const child = spawn(process.execPath, ['dist/agent.js'], { stdio: ['pipe', 'pipe', 'inherit'] });
        const connection = createMessageConnection(
            new StreamMessageReader(child.stdout, { contentTypeDecoder: messagePackCodec }),
            new StreamMessageWriter(child.stdin, { contentTypeEncoder: messagePackCodec }),
        );
        connection.listen();
        const agent = new AgentConnection(child, connection);
        await agent.request('initialize', { protocol: protocolVersion });
        return agent;
    }

    request<Method extends AgentMethod>(
        method: Method,
        params: AgentMethods[Method]['params'],
    ): Promise<AgentMethods[Method]['result']> {
        return this.connection.sendRequest(method, params);
    }

    /** Ends its stdin, which ends the agent. */
    async stop(): Promise<void> {
        const exited = once(this.child, 'exit');
        this.connection.dispose();
        this.child.stdin?.end();
        await exited;
    }
}
