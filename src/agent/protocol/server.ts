/**
 * The agent: answers requests on stdin/stdout until stdin ends. Requests run side by side, each giving way to the others
 * between its chunks; nothing but the protocol is ever written to stdout.
 */
import {
    createMessageConnection,
    ResponseError,
    StreamMessageWriter,
    type CancellationToken,
    type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { AgentMethod, AgentNotifications } from '../../common/agentProtocol';
import { errors, toGuestmemError } from '../../common/errors';
import { messagePackCodec } from '../../common/messagePackCodec';
import { makeHandlers, type Handlers } from '../handlers';
import { KeptMaps } from '../pages/keptMaps';
import { StrictMessageReader } from './messageReader';
import { Pace } from '../pace';
import { escapeText } from '../commandLine/render/text';
import { checkFields, checkProgressToken } from '../validate';

/** JSON-RPC leaves -32000 to -32099 to servers; what happened is in the error's data. */
const requestFailed = -32000;

/** Those that act on a VMM: they stop between two pieces, and the record then tells what was done. */
const changing: readonly string[] = ['convert', 'change', 'undo'] satisfies AgentMethod[];

/** Resolves with the exit status when stdin has ended or cannot be understood. */
export function serve(make = makeHandlers): Promise<number> {
    const maps = new KeptMaps();
    const reader = new StrictMessageReader(process.stdin);
    const writer = new StreamMessageWriter(process.stdout, { contentTypeEncoder: messagePackCodec });
    const connection = createMessageConnection(reader, writer);
    const handlers = make(
        (...what) => maps.read(...what),
        (method, params) => connection.sendRequest(method, params),
    );
    const changes = new Map<Promise<unknown>, AbortController>();
    connection.onRequest((method: string, params: unknown, token: CancellationToken) => {
        const cancellation = new AbortController();
        token.onCancellationRequested(() => cancellation.abort());
        const request = answer(handlers, connection, method, params, cancellation.signal);
        if (!changing.includes(method)) return request;
        changes.set(request, cancellation);
        const forget = () => changes.delete(request);
        request.then(forget, forget);
        return request;
    });
    return new Promise((resolve) => {
        // Whatever else is under way, nobody is left to be answered, and what only looks can end at any moment.
        const end = (status: number) => {
            for (const cancellation of changes.values()) cancellation.abort();
            void Promise.allSettled(changes.keys()).then(() => resolve(status));
        };
        connection.onClose(() => end(0));
        process.once('SIGTERM', () => end(0));
        reader.onError((error) => {
            log(`stdin does not speak the agent's protocol: ${error.message}. Start the agent through the extension, or use the command line 'guestmem'.`);
            end(1);
        });
        // The client has gone without closing stdin: nobody is left to answer.
        writer.onError(() => end(0));
        connection.listen();
    });
}

async function answer(
    handlers: Handlers,
    connection: MessageConnection,
    method: string,
    params: unknown,
    cancellation: AbortSignal,
): Promise<unknown> {
    try {
        if (!isMethod(handlers, method)) throw errors.usage(`The agent knows no request '${method.slice(0, 80)}'.`);
        return await handlers[method](params, new Pace(cancellation, reporter(connection, params)));
    } catch (thrown) {
        const error = toGuestmemError(thrown);
        if (error.code === 'internal') log(`${method} failed: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : error.message}`);
        throw new ResponseError(requestFailed, error.message, error.toWire());
    }
}

const isMethod = (handlers: Handlers, method: string): method is keyof Handlers => Object.hasOwn(handlers, method);

function reporter(connection: MessageConnection, params: unknown) {
    const token = checkProgressToken(checkFields(params)['progressToken']);
    if (token === undefined) return undefined;
    return (done: number, total: number) => {
        const progress: AgentNotifications['progress'] = { token, done, total };
        // It fails only when the connection is lost, which ends the agent.
        connection.sendNotification('progress', progress).catch(() => undefined);
    };
}

function log(message: string): void {
    process.stderr.write(`guestmem agent: ${escapeText(message, { newlines: true })}\n`);
}
