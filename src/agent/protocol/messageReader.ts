/**
 * Reads requests from stdin: frames of "Content-Length: N", an empty line and N bytes of MessagePack. Whoever writes
 * there is not trusted: a wrong first byte is noticed at once, and neither header nor body can make the agent hold more
 * than a small buffer. After an error nothing more is read.
 */
import type { Readable } from 'node:stream';
import { AbstractMessageReader, type DataCallback, type Disposable, type Message, type MessageReader } from 'vscode-jsonrpc/node';
import { messagePackCodec } from '../../common/messagePackCodec';

const prefix = 'Content-Length: ';
const headerEnd = '\r\n\r\n';
const longestHeader = 256;
/** Requests are small: a few addresses. */
const longestBody = 1 << 20;

export class StrictMessageReader extends AbstractMessageReader implements MessageReader {
    private buffered = Buffer.alloc(0);
    private failed = false;

    constructor(private readonly input: Readable) {
        super();
    }

    listen(callback: DataCallback): Disposable {
        const onData = (data: Buffer) => {
            if (this.failed) return;
            this.buffered = Buffer.concat([this.buffered, data]);
            try {
                for (let body = this.takeBody(); body !== undefined; body = this.takeBody()) this.decode(body, callback);
            } catch (thrown) {
                this.fail(thrown);
            }
        };
        const onEnd = () => {
            if (this.failed) return;
            if (this.buffered.length > 0) this.fail(new Error('it ended in the middle of a message'));
            else this.fireClose();
        };
        this.input.on('data', onData).on('end', onEnd).on('error', (error) => this.fail(error));
        return { dispose: () => this.input.off('data', onData).off('end', onEnd) };
    }

    /** The next whole body; undefined when more bytes are needed. Throws when what came cannot be a message. */
    private takeBody(): Buffer | undefined {
        const seen = this.buffered.toString('latin1', 0, longestHeader);
        if (!seen.startsWith(prefix.slice(0, seen.length))) {
            throw new Error(`it began with ${JSON.stringify(seen.slice(0, 32))}, not with "${prefix}"`);
        }
        const end = seen.indexOf(headerEnd);
        if (end < 0) {
            if (seen.length === longestHeader) throw new Error(`a header is longer than ${longestHeader} bytes`);
            return undefined;
        }
        const written = /^[0-9]{1,10}$/.exec(seen.slice(prefix.length, end).split('\r\n')[0] ?? '')?.[0];
        if (written === undefined) throw new Error('Content-Length is not a number');
        const length = Number(written);
        if (length > longestBody) throw new Error(`a message of ${length} bytes is longer than ${longestBody}`);
        const start = end + headerEnd.length;
        if (this.buffered.length < start + length) return undefined;
        const body = this.buffered.subarray(start, start + length);
        this.buffered = this.buffered.subarray(start + length);
        return body;
    }

    private decode(body: Buffer, callback: DataCallback): void {
        messagePackCodec.decode(body).then(
            (message) => callback(message satisfies Message),
            (thrown: unknown) => this.fail(thrown),
        );
    }

    private fail(thrown: unknown): void {
        if (this.failed) return;
        this.failed = true;
        this.fireError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
}
