/**
 * The body of every message between the extension and an agent: MessagePack, so that columns of page runs travel as
 * bytes. Both sides of vscode-jsonrpc take it as their content type encoder and decoder.
 */
import { decode, encode } from '@msgpack/msgpack';

/** What vscode-jsonrpc calls a message; that package is not known here. */
interface JsonRpcMessage {
    readonly jsonrpc: string;
}

export const messagePackCodec = {
    name: 'application/msgpack',

    encode: (message: JsonRpcMessage): Promise<Uint8Array> => {
        // Cancellation and progress carry absent fields, which are left out as JSON leaves them out.
        return Promise.resolve(encode(message, { ignoreUndefined: true }));
    },

    /** Rejects when the bytes are not one MessagePack object that says it is JSON-RPC. */
    decode: (bytes: Uint8Array): Promise<JsonRpcMessage> =>
        new Promise((resolve, reject) => {
            const message = decode(bytes) as Partial<JsonRpcMessage> | null;
            if (typeof message === 'object' && message !== null && typeof message.jsonrpc === 'string') {
                resolve(message as JsonRpcMessage);
            } else {
                reject(new Error('a message is not JSON-RPC'));
            }
        }),
};
