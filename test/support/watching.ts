/** `guestmem watch --jsonl` beside a test: its lines, each in the shape that schema/ publishes. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Finding, FindingKind } from '../../src/common/finding';
import type { MemoryEvent, MemoryEventKind, WatchEnd, WatchLine, WatchStart } from '../../src/common/memoryEvents';
import { guestmemWords } from './guestmem';
import { assertShape } from './schema';

export const ofKind = <Kind extends MemoryEventKind>(events: readonly MemoryEvent[], kind: Kind) =>
    events.filter((event): event is Extract<MemoryEvent, { kind: Kind }> => event.kind === kind);

export class Watching {
    private readonly events: MemoryEvent[] = [];

    private constructor(
        private readonly child: ChildProcess,
        private readonly lines: AsyncIterator<string>,
        readonly start: WatchStart,
    ) {}

    /** Resolves once it records. */
    static async begin(vm: string): Promise<Watching> {
        const [command, ...rest] = [...guestmemWords, 'watch', vm, '--jsonl'];
        const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const start = await nextLine(lines);
        assert.ok(start?.kind === 'watching', `watch says ${JSON.stringify(start)} first`);
        return new Watching(child, lines, start);
    }

    /** Ends it as Ctrl-C does; returns all that happened meanwhile. */
    async end(): Promise<{ events: MemoryEvent[]; end: WatchEnd }> {
        this.child.kill('SIGINT');
        return this.rest();
    }

    /** The next pattern of this kind that it tells, however long that takes. */
    async found(kind: FindingKind): Promise<Finding> {
        for (let line = await nextLine(this.lines); line !== undefined && line.kind !== 'ended'; line = await nextLine(this.lines)) {
            const finding = this.note(line);
            if (finding?.kind === kind) return finding;
        }
        return assert.fail(`watch ended without having found ${kind}`);
    }

    /** What it says until it ends by itself. */
    async rest(): Promise<{ events: MemoryEvent[]; end: WatchEnd }> {
        const exited = once(this.child, 'exit');
        for (let line = await nextLine(this.lines); line !== undefined; line = await nextLine(this.lines)) {
            if (line.kind === 'ended') {
                assert.deepEqual(await exited, [0, null]);
                return { events: this.events, end: line };
            }
            this.note(line);
        }
        return assert.fail('watch ended without saying so');
    }

    private note(line: WatchLine): Finding | undefined {
        if (line.kind === 'pattern') return line.finding;
        assert.ok(line.kind !== 'watching' && line.kind !== 'lost' && line.kind !== 'ended', JSON.stringify(line));
        this.events.push(line);
        return undefined;
    }
}

async function nextLine(lines: AsyncIterator<string>): Promise<WatchLine | undefined> {
    const next = await lines.next();
    if (next.done === true) return undefined;
    const line: unknown = JSON.parse(next.value);
    assertShape('watch', line);
    return line as WatchLine;
}
