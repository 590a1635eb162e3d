/** The expressions by which a debugger makes an ioctl: nothing but numbers, and nothing done that was not asked for. */
import assert from 'node:assert/strict';
import type { DebuggerIoctl } from '../../src/common/debuggerProtocol';
import { adapterOf, adapterTypes, parseResult } from '../../src/extension/debugging/debugAdapters';
import { callIoctl, checkDebuggerIoctl } from '../../src/extension/debugging/debuggerCall';

const call: DebuggerIoctl = {
    pid: 7,
    thread: { id: 1, stackPointer: '0x7ffc00001000' },
    room: '0x7fff00000f80',
    fd: 13,
    ioctl: 'KVM_SET_MEMORY_ATTRIBUTES',
    argument: Uint8Array.from({ length: 32 }, (_, index) => index),
};

/** A debugger of a process that has nothing but the room; it knows the forms of expression that are used. */
class FakeDebugger {
    readonly memory = new Map<bigint, bigint>();
    readonly calls: bigint[] = [];
    readonly expressions: string[] = [];
    stackPointer = BigInt(call.thread.stackPointer);
    returned: () => bigint = () => 0n;

    readonly evaluate = (expression: string): Promise<bigint> => {
        this.expressions.push(expression);
        const called = /^\(\(long\(\*\)\(void\)\)(0x[0-9a-f]+)\)\(\)$/.exec(expression)?.[1];
        if (called !== undefined) {
            this.calls.push(BigInt(called));
            return Promise.resolve().then(() => this.returned());
        }
        const equal = [...expression.matchAll(/(?:\*\(unsigned long\*\)(0x[0-9a-f]+)|\$rsp)==(0x[0-9a-f]+)/g)];
        for (const [, address, value] of expression.matchAll(/\*\(unsigned long\*\)(0x[0-9a-f]+)=(0x[0-9a-f]+|0)(?=,)/g)) this.memory.set(BigInt(address ?? 0), BigInt(value ?? 0));
        const at = (address: string | undefined) => (address === undefined ? this.stackPointer : (this.memory.get(BigInt(address)) ?? 0n));
        return Promise.resolve(equal.every(([, address, value]) => at(address) === BigInt(value ?? 0)) ? 1n : 0n);
    };

    get empty(): boolean {
        return [...this.memory.values()].every((value) => value === 0n);
    }
}

describe('a call by a debugger', () => {
    it('writes instructions and argument, calls them once, and clears them', async () => {
        const fake = new FakeDebugger();
        const room: bigint[] = [];
        fake.returned = () => {
            for (let address = BigInt(call.room); address < BigInt(call.room) + 64n; address += 8n) room.push(fake.memory.get(address) ?? 0n);
            return -22n;
        };
        assert.deepEqual(await callIoctl(fake.evaluate, call), { kind: 'returned', value: -22 });
        assert.deepEqual(fake.calls, [BigInt(call.room)]);
        const bytes = Buffer.alloc(64);
        room.forEach((word, index) => bytes.writeBigUInt64LE(word, index * 8));
        // mov $16,%eax; mov $13,%edi; mov $0x4020aed2,%esi; lea 0xa(%rip),%rdx; syscall; ret (objdump)
        assert.equal(bytes.toString('hex', 0, 25), 'b810000000bf0d000000bed2ae2040488d150a0000000f05c3');
        assert.deepEqual(bytes.subarray(32), Buffer.from(call.argument));
        assert.ok(fake.empty);
        for (const expression of fake.expressions) assert.match(expression, /^(?:[0-9a-fx()*=&,]|unsigned long|long|void|\$rsp)+$/);
    });

    it('is not made in another thread, nor where something else is', async () => {
        const elsewhere = new FakeDebugger();
        elsewhere.stackPointer += 8n;
        const taken = new FakeDebugger();
        taken.memory.set(BigInt(call.room) + 56n, 1n);
        for (const fake of [elsewhere, taken]) {
            assert.equal((await callIoctl(fake.evaluate, call)).kind, 'refused');
            assert.deepEqual(fake.calls, []);
        }
        assert.equal(taken.memory.get(BigInt(call.room) + 56n), 1n, 'what was there stays');
    });

    it('is of unknown outcome when the debugger fails within it, and then still cleared', async () => {
        const fake = new FakeDebugger();
        fake.returned = () => {
            throw new Error('The program being debugged was signaled while in a function called from GDB.');
        };
        const result = await callIoctl(fake.evaluate, call);
        assert(result.kind === 'unknown');
        assert.match(result.reason, /was signaled/);
        assert.ok(fake.empty);
    });

    it('is not made when the debugger fails before, or did not write', async () => {
        const fail = (expression: string) => {
            assert.doesNotMatch(expression, /[^=]=[^=]/, 'nothing is written where nobody has looked');
            return Promise.reject(new Error('notStopped'));
        };
        assert.deepEqual(await callIoctl(fail, call), { kind: 'refused', reason: 'notStopped' });
        let asked = 0;
        const forgetful = await callIoctl(() => Promise.resolve(++asked === 1 ? 1n : 0n), call);
        assert.equal(forgetful.kind, 'refused');
    });

    it('is not taken from an agent that asks for anything else', () => {
        assert.deepEqual(checkDebuggerIoctl(call), call);
        const wrong: readonly Partial<Record<keyof DebuggerIoctl, unknown>>[] = [
            { room: '0x1,system("x")' },
            { room: 4096 },
            { thread: { id: 1, stackPointer: '$rsp' } },
            { thread: { id: '1', stackPointer: '0x1' } },
            { fd: -1 },
            { fd: '3' },
            { ioctl: 'KVM_RUN' },
            { ioctl: 'toString' },
            { argument: new Uint8Array(31) },
            { argument: 'x'.repeat(32) },
            { pid: null },
        ];
        for (const fields of wrong) assert.equal(checkDebuggerIoctl({ ...call, ...fields }), undefined, JSON.stringify(fields));
        assert.equal(checkDebuggerIoctl(null), undefined);
    });
});

describe('debug adapters', () => {
    it('answer with one decimal number', () => {
        for (const [text, value] of [['0', 0n], ['-22\n', -22n], ['$1 = 5', 5n], ['(long) $0 = 140737488351232', 140737488351232n]] as const) {
            assert.equal(parseResult(text), value, text);
        }
        for (const text of ['', '0x10', '1 2', 'No symbol "x" in current context.', '<error>', 'true', 5, null, undefined, '9'.repeat(30)]) {
            assert.equal(parseResult(text), undefined, String(text));
        }
    });

    it('of cppdbg pass commands on to gdb; there is none for other languages', () => {
        const [gdb, cppdbg] = ['gdb', 'cppdbg'].map((type) => adapterOf(type)?.toEvaluate('1+1').expression);
        assert.equal(cppdbg, `-exec ${gdb}`);
        assert.deepEqual(adapterTypes.map((type) => adapterOf(type) !== undefined), [true, true, true, true]);
        assert.equal(adapterOf('node'), undefined);
        assert.equal(adapterOf('__proto__'), undefined);
    });
});
