/**
 * A real gdb that holds a process, spoken to by its own debug adapter (`gdb --interpreter=dap`), as VS Code does it; and
 * how it answers an agent, by the extension's own code.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { toHex } from '../../src/common/address';
import { callIoctl, checkDebuggerIoctl, fieldsOf, readStackPointer } from '../../src/extension/debugging/debuggerCall';
import { evaluatorIn, readThreadIds, type DebugRequests } from '../../src/extension/debugging/debugRequests';
import type { AgentProcess } from './agentProcess';
import { skip } from './skip';

export function requireDebugAdapter(context: Mocha.Context): string {
    return process.env['GUESTMEM_TEST_GDB'] ?? skip(context, 'GUESTMEM_TEST_GDB names no gdb with a debug adapter (14 or newer)');
}

interface Waiting {
    readonly resolve: (body: unknown) => void;
    readonly reject: (error: Error) => void;
}

export class GdbSession implements DebugRequests {
    readonly type = 'gdb';
    readonly child: ChildProcessWithoutNullStreams;
    private readonly waiting = new Map<number, Waiting>();
    private readonly events = new Set<string>();
    private readonly listeners = new Set<() => void>();
    private buffered = Buffer.alloc(0);
    private sequence = 0;

    private constructor(gdb: string) {
        this.child = spawn(gdb, ['--nx', '--quiet', '--interpreter=dap']);
        this.child.stderr.resume();
        this.child.stdout.on('data', (data: Buffer) => {
            this.buffered = Buffer.concat([this.buffered, data]);
            while (this.takeMessage());
        });
        const fail = (error: Error) => {
            for (const { reject } of this.waiting.values()) reject(error);
        };
        // Of a gdb that was killed either comes first.
        this.child.stdin.on('error', fail);
        this.child.on('exit', () => fail(new Error('gdb has ended')));
    }

    static async attach(gdb: string, pid: number): Promise<GdbSession> {
        const session = new GdbSession(gdb);
        await session.customRequest('initialize', { adapterID: 'gdb' });
        await session.event('initialized');
        const attached = session.customRequest('attach', { pid });
        await session.customRequest('configurationDone');
        await attached;
        await session.event('stopped');
        return session;
    }

    customRequest(command: string, args: object = {}): Promise<unknown> {
        const seq = ++this.sequence;
        const body = JSON.stringify({ seq, type: 'request', command, arguments: args });
        this.child.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
        return new Promise((resolve, reject) => this.waiting.set(seq, { resolve, reject }));
    }

    /** Answers for a client whose user has this session. `call` stands around each call. */
    answer(agent: AgentProcess, call: (make: () => Promise<unknown>) => Promise<unknown> = (make) => make()): void {
        agent.answer('lookByDebugger', async (params) => {
            const { thread } = fieldsOf(params);
            const threads = [];
            for (const id of typeof thread === 'number' ? [thread] : await readThreadIds(this)) {
                threads.push({ id, stackPointer: toHex(await readStackPointer(evaluatorIn(this, id))) });
            }
            return { kind: 'stopped', session: 'The session of the test', threads, remark: null };
        });
        agent.answer('ioctlByDebugger', (params) => {
            const ioctl = checkDebuggerIoctl(params);
            assert(ioctl !== undefined, 'the agent asks for a call that the extension makes');
            return call(() => callIoctl(evaluatorIn(this, ioctl.thread.id), ioctl));
        });
    }

    /** Lets the process go. */
    async detach(): Promise<void> {
        const exited = once(this.child, 'exit');
        await this.customRequest('disconnect', { terminateDebuggee: false });
        this.child.stdin.end();
        await exited;
    }

    private async event(name: string): Promise<void> {
        while (!this.events.has(name)) await new Promise<void>((resolve) => this.listeners.add(resolve));
    }

    private takeMessage(): boolean {
        const head = /^Content-Length: ([0-9]+)\r\n\r\n/.exec(this.buffered.toString('latin1', 0, 64));
        const start = head?.[0].length ?? 0;
        const end = start + Number(head?.[1]);
        if (head === null || this.buffered.length < end) return false;
        const message = fieldsOf(JSON.parse(this.buffered.toString('utf8', start, end)));
        this.buffered = this.buffered.subarray(end);
        if (message['type'] === 'event') {
            this.events.add(String(message['event']));
            for (const listener of this.listeners) listener();
            this.listeners.clear();
        } else {
            const waiting = this.waiting.get(Number(message['request_seq']));
            this.waiting.delete(Number(message['request_seq']));
            if (message['success'] === true) waiting?.resolve(message['body']);
            else waiting?.reject(new Error(String(message['message'])));
        }
        return true;
    }
}
