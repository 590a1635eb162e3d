/**
 * The connection to one agent. It is started by the first request, again by the first request after it ended (with a
 * growing pause), and by `restart`. Every request ends by result, error, cancellation, or the agent's end.
 */
import * as vscode from 'vscode';
import {
    CancellationToken,
    createMessageConnection,
    ErrorCodes,
    ResponseError,
    StreamMessageReader,
    StreamMessageWriter,
    type MessageConnection,
} from 'vscode-jsonrpc/node';
import { protocolVersion, type AgentInfo, type AgentMethod, type AgentMethods, type AgentNotifications } from '../../common/agentProtocol';
import { errors, parseWireError, toGuestmemError, type GuestmemError } from '../../common/errors';
import type { CommandLine } from '../../common/manifest';
import { messagePackCodec } from '../../common/messagePackCodec';
import { agentErrors } from './agentErrors';
import { AgentProcess, expandCommand } from './agentProcess';
import type { ClientHandlers } from '../debugging/debugSessionExecutor';
import type { Report } from '../slowProgress';

const handshakeSeconds = 15;
/** An agent answers between the chunks of its work. One that is silent for two of these hangs, or the way to it does. */
const heartbeatMs = 20_000;
/** How each message on the agent's stdout begins. */
const headerStart = 'Content-';
const firstPauseMs = 1000;
const longestPauseMs = 60_000;
/** An agent that lived so long was well: its next pause is the first one again. */
const healthyMs = 60_000;

interface Session {
    readonly process: AgentProcess;
    readonly reader: StreamMessageReader;
    readonly connection: MessageConnection;
    readonly info: AgentInfo;
    readonly since: number;
    readonly generation: number;
}

/** An error that the other side sent; the connection itself makes errors of its own when it breaks. */
function isAnswer(thrown: unknown): thrown is ResponseError<unknown> {
    const own: number[] = [ErrorCodes.PendingResponseRejected, ErrorCodes.MessageWriteError];
    return thrown instanceof ResponseError && !own.includes(thrown.code);
}

export class AgentClient implements vscode.Disposable {
    private starting: Promise<Session> | undefined;
    /** Why there is no agent now, and from when a request may start it again (undefined: only `restart` may). */
    private failure: { readonly error: GuestmemError; readonly retryAt: number | undefined } | undefined;
    private pauseMs = firstPauseMs;
    /** Counts stops: what an earlier generation still reports is old news. */
    private generation = 0;
    private nextToken = 1;
    private readonly reports = new Map<number, Report>();
    private readonly processes = new Set<AgentProcess>();
    private readonly ended = new vscode.EventEmitter<GuestmemError>();
    /** The agent ended by itself. */
    readonly onDidEnd = this.ended.event;

    constructor(
        readonly command: CommandLine,
        private readonly agentPath: string,
        private readonly log: vscode.LogOutputChannel,
        /** What the agent may ask of this window; none where that is another host's. */
        private readonly handlers: Partial<ClientHandlers> = {},
        private readonly heartbeat = heartbeatMs,
    ) {}

    async request<Method extends AgentMethod>(
        method: Method,
        params: AgentMethods[Method]['params'],
        options: { readonly token?: vscode.CancellationToken; readonly report?: Report } = {},
    ): Promise<AgentMethods[Method]['result']> {
        const session = await this.session();
        const progressToken = this.nextToken++;
        if (options.report !== undefined) this.reports.set(progressToken, options.report);
        try {
            const sent = options.report === undefined ? params : { ...params, progressToken };
            return await session.connection.sendRequest<AgentMethods[Method]['result']>(method, sent, options.token ?? CancellationToken.None);
        } catch (thrown) {
            throw await this.explain(thrown, session, options.token);
        } finally {
            this.reports.delete(progressToken);
        }
    }

    /** Ends the agent, if there is one, and starts it at once. */
    async restart(): Promise<AgentInfo> {
        await this.stop();
        this.failure = undefined;
        this.pauseMs = firstPauseMs;
        return (await this.session()).info;
    }

    dispose(): void {
        void this.stop();
        this.ended.dispose();
    }

    /** Resolves when every process that it started is gone. */
    async stop(): Promise<void> {
        this.generation++;
        this.starting = undefined;
        this.failure = { error: agentErrors.stopped(), retryAt: undefined };
        await Promise.all([...this.processes].map((process) => process.stop()));
    }

    private session(): Promise<Session> {
        if (this.failure !== undefined) {
            const { error, retryAt } = this.failure;
            if (retryAt === undefined || Date.now() < retryAt) return Promise.reject(error);
            this.failure = undefined;
        }
        this.starting ??= this.start();
        return this.starting;
    }

    private async start(): Promise<Session> {
        const { generation } = this;
        const process = new AgentProcess(expandCommand(this.command, this.agentPath), this.log);
        this.processes.add(process);
        void process.ended.then(() => this.processes.delete(process));
        this.log.info(`starting ${process.command.join(' ')}`);
        const reader = new StreamMessageReader(process.stdout, { contentTypeDecoder: messagePackCodec });
        const connection = createMessageConnection(
            reader,
            new StreamMessageWriter(process.stdin, { contentTypeEncoder: messagePackCodec }),
        );
        connection.onNotification('progress', ({ token, done, total }: AgentNotifications['progress']) =>
            this.reports.get(token)?.(done, total),
        );
        for (const [method, handler] of Object.entries(this.handlers)) {
            connection.onRequest(method, (params: unknown): Promise<unknown> => handler(params));
        }
        try {
            const info = await this.shakeHands(process, reader, connection);
            this.log.info(`agent ${info.version} on ${info.hostname}, kernel ${info.kernel}, uid ${info.uid}`);
            const session = { process, reader, connection, info, since: Date.now(), generation };
            void this.watch(session);
            return session;
        } catch (thrown) {
            connection.dispose();
            void process.stop();
            if (generation !== this.generation) throw agentErrors.stopped();
            const error = toGuestmemError(thrown);
            this.log.error(error.message);
            // What never worked will not work by itself: only the user starts it again.
            this.failure = { error, retryAt: undefined };
            this.starting = undefined;
            throw error;
        }
    }

    /** Rejects with what stands between this window and a working agent. */
    private async shakeHands(process: AgentProcess, reader: StreamMessageReader, connection: MessageConnection): Promise<AgentInfo> {
        let timer: NodeJS.Timeout | undefined;
        try {
            return await new Promise<AgentInfo>((resolve, reject) => {
                // Not the connection's errors: those of writing only tell that the agent has ended.
                reader.onError((error) => reject(agentErrors.garbage(process.command, error.message)));
                // The reader looks for the end of a header, which a program that writes something else may never write.
                process.stdout.once('data', (bytes: Buffer) => {
                    const begun = bytes.toString('latin1');
                    if (!begun.startsWith(headerStart.slice(0, begun.length))) reject(agentErrors.garbage(process.command, begun.trim()));
                });
                void process.ended.then(({ how, notStarted }) =>
                    reject(
                        notStarted
                            ? agentErrors.missing(process.command, how)
                            : agentErrors.ended(process.command, how, process.lastWords),
                    ),
                );
                timer = setTimeout(() => reject(agentErrors.silent(process.command, handshakeSeconds)), handshakeSeconds * 1000);
                connection.listen();
                connection
                    .sendRequest<AgentInfo>('initialize', { protocol: protocolVersion })
                    .then(resolve, (thrown: unknown) => {
                        // Its end and unreadable bytes reject by themselves, with more to say than the connection has.
                        if (isAnswer(thrown)) reject(parseWireError(thrown.data) ?? agentErrors.garbage(process.command, thrown.message));
                    });
            });
        } finally {
            clearTimeout(timer);
        }
    }

    /** Waits for the end of a session, then rejects what is pending. */
    private async watch(session: Session): Promise<void> {
        const { process, reader, connection } = session;
        let fault: GuestmemError | undefined;
        const end = (why: GuestmemError) => {
            fault = why;
            void process.stop();
        };
        reader.onError((error) => end(agentErrors.garbage(process.command, error.message)));
        // Without its stdout no answer comes any more, even if the process goes on.
        connection.onClose(() => void process.stop());
        let answered = true;
        const timer = setInterval(() => {
            if (answered) {
                answered = false;
                // A rejection is the end of the connection, which is told elsewhere.
                connection.sendRequest('initialize', { protocol: protocolVersion }).then(() => (answered = true), () => undefined);
            } else {
                end(agentErrors.hung(process.command));
            }
        }, this.heartbeat);
        const { how } = await process.ended;
        clearInterval(timer);
        if (session.generation === this.generation) {
            if (Date.now() - session.since > healthyMs) this.pauseMs = firstPauseMs;
            const error = fault ?? agentErrors.ended(process.command, how, process.lastWords);
            this.failure = { error, retryAt: Date.now() + this.pauseMs };
            this.pauseMs = Math.min(this.pauseMs * 2, longestPauseMs);
            this.starting = undefined;
            this.log.error(error.message);
            this.ended.fire(error);
        }
        connection.dispose();
    }

    /** The error that a failed request means. */
    private async explain(thrown: unknown, session: Session, token: vscode.CancellationToken | undefined): Promise<GuestmemError> {
        if (isAnswer(thrown)) {
            const told = parseWireError(thrown.data);
            if (told === undefined && token?.isCancellationRequested === true) return errors.cancelled();
            return told ?? toGuestmemError(thrown);
        }
        // The connection is lost. The agent's end says why, and comes for certain: whatever closes the connection stops it.
        await session.process.ended;
        return this.failure?.error ?? agentErrors.stopped();
    }
}
