/** The built agent as the extension starts it, with a client at its stdin and stdout. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import {
    CancellationTokenSource,
    createMessageConnection,
    ResponseError,
    StreamMessageReader,
    StreamMessageWriter,
    type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { AgentMethod, AgentMethods, AgentNotifications } from '../../src/common/agentProtocol';
import type { ClientMethod } from '../../src/common/debuggerProtocol';
import { parseWireError } from '../../src/common/errors';
import { messagePackCodec } from '../../src/common/messagePackCodec';

export class AgentProcess {
    readonly child: ChildProcessWithoutNullStreams;
    readonly complaints: Promise<string>;
    readonly progress: AgentNotifications['progress'][] = [];
    private readonly connection: MessageConnection;

    /** `timeout`: milliseconds after which it counts as hung; by default longer than a whole suite may take. */
    constructor(words: readonly string[] = ['dist/agent.js'], timeout = 40 * 60_000, environment: NodeJS.ProcessEnv = {}) {
        this.child = spawn(process.execPath, words, { timeout, env: { ...process.env, ...environment } });
        this.complaints = text(this.child.stderr);
        this.connection = createMessageConnection(
            new StreamMessageReader(this.child.stdout, { contentTypeDecoder: messagePackCodec }),
            new StreamMessageWriter(this.child.stdin, { contentTypeEncoder: messagePackCodec }),
        );
        this.connection.onNotification('progress', (progress: AgentNotifications['progress']) => this.progress.push(progress));
        this.connection.listen();
    }

    request<Method extends AgentMethod>(
        method: Method,
        params: AgentMethods[Method]['params'],
    ): Promise<AgentMethods[Method]['result']> {
        return this.send(method, params) as Promise<AgentMethods[Method]['result']>;
    }

    /** Answers what the agent asks its client. */
    answer(method: ClientMethod, handler: (params: unknown) => Promise<unknown>): void {
        this.connection.onRequest(method, handler);
    }

    /** Whatever the parameters are; rejects with the error that the agent told. */
    async send(method: string, params: unknown, cancellation = new CancellationTokenSource()): Promise<unknown> {
        try {
            return await this.connection.sendRequest(method, params, cancellation.token);
        } catch (thrown) {
            throw thrown instanceof ResponseError ? (parseWireError(thrown.data) ?? thrown) : thrown;
        }
    }

    /** Ends its stdin, and waits for its end. */
    async end(): Promise<number | null> {
        this.child.stdin.end();
        return this.exitStatus();
    }

    async exitStatus(): Promise<number | null> {
        if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
        this.connection.dispose();
        return this.child.exitCode;
    }
}
