import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { StrictMessageReader } from '../../../src/agent/protocol/messageReader';
import { messagePackCodec } from '../../../src/common/messagePackCodec';
import { makeRandomIntegers } from '../../support/random';

async function frame(message: { jsonrpc: string; id: number }): Promise<Buffer> {
    const body = await messagePackCodec.encode(message);
    return Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
}

/** Feeds pieces, ends the stream, and gives back all that the reader told. */
async function read(...pieces: (Buffer | string)[]) {
    const input = new PassThrough();
    const reader = new StrictMessageReader(input);
    const told = { ids: [] as number[], errors: [] as string[], closed: false };
    reader.onError(({ message }) => told.errors.push(message));
    reader.onClose(() => (told.closed = true));
    reader.listen((message) => told.ids.push((message as unknown as { id: number }).id));
    for (const piece of pieces) input.write(piece);
    input.end();
    await once(input, 'end');
    await new Promise((resolve) => setImmediate(resolve));
    return told;
}

describe('what arrives on stdin', () => {
    const messages = Promise.all([1, 2, 3].map((id) => frame({ jsonrpc: '2.0', id })));

    it('is read message by message, however it is cut', async () => {
        const bytes = Buffer.concat(await messages);
        assert.deepEqual(await read(bytes), { ids: [1, 2, 3], errors: [], closed: true });
        const single = Array.from(bytes, (byte) => Buffer.from([byte]));
        assert.deepEqual(await read(...single), { ids: [1, 2, 3], errors: [], closed: true });
    });

    it('ends with stdin', async () => assert.deepEqual(await read(), { ids: [], errors: [], closed: true }));

    const garbage: [string, (Buffer | string)[], RegExp][] = [
        ['text', ['hello\n'], /began with "hello\\n"/],
        ['one wrong byte', ['{'], /began with "\{"/],
        ['no length', ['Content-Length: many\r\n\r\n'], /not a number/],
        ['a negative length', ['Content-Length: -5\r\n\r\n'], /not a number/],
        ['an endless header', ['Content-Length: ' + '1'.repeat(300)], /header is longer/],
        ['an endless body', ['Content-Length: 9999999999\r\n\r\n'], /longer than/],
        ['a body that is no MessagePack', ['Content-Length: 3\r\n\r\n\xc1\xc1\xc1'], /./],
        ['a message that is no JSON-RPC', ['Content-Length: 1\r\n\r\n\x05'], /not JSON-RPC/],
        ['a message that breaks off', ['Content-Length: 10\r\n\r\nabc'], /middle of a message/],
    ];
    for (const [what, pieces, error] of garbage) {
        it(`is an error when it is ${what}, and nothing is read after it`, async () => {
            const told = await read(...pieces, ...(what.includes('breaks off') ? [] : await messages));
            assert.equal(told.errors.length, 1);
            assert.match(told.errors[0] ?? '', error);
            assert.equal(told.closed, false);
        });
    }

    it('may be anything: what was whole before the first wrong byte is read, nothing after it, and one error told', async () => {
        const whole = await messages;
        const bytes = Buffer.concat(whole);
        const random = makeRandomIntegers();
        for (let round = 0; round < 500; round++) {
            const damaged = Buffer.from(bytes);
            const at = random(damaged.length);
            damaged[at] = random(256);
            const cut = random(damaged.length);
            const told = await read(damaged.subarray(0, cut), damaged.subarray(cut));
            const intact = whole.filter((_, index) => Buffer.concat(whole.slice(0, index + 1)).length <= at).length;
            const what = `byte ${at} is ${damaged[at] ?? 0}`;
            assert.deepEqual(told.ids.slice(0, intact), [1, 2, 3].slice(0, intact), what);
            assert.ok(told.ids.length <= 3 && told.errors.length <= 1, what);
            assert.notEqual(told.closed, told.errors.length > 0, `${what}: it ends by an error or by the end of stdin`);
        }
    });
});
