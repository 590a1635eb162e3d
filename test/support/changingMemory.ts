/**
 * A VM whose memslots and attributes, and its guest_memfd if that is asked for, change without pause, by changes made up here (test/native/fixtures/
 * changing_memory.c). Each state that it can be in is known as a whole, so what a reader calls consistent is one of
 * them or was never true.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { compileFixture } from '../native/fixtures';
import { stop } from './stopped';

/** Where all of it happens, in pages: 256 MiB. */
export const changingPages = 1 << 16;
const attributeChanges = 300;
const logDirtyPages = 1;
const guestMemfdFlag = 4;
const swProtected = '1';
const privateBit = 8;

export interface ChangingSlot {
    readonly id: number;
    readonly flags: number;
    readonly gfn: number;
    readonly pages: number;
}

/** A state as text, whatever the order of the memslots; flags are left out where a reader does not see them. */
export const slotsKey = (slots: Iterable<ChangingSlot>, withFlags: boolean): string =>
    Array.from(slots, ({ id, flags, gfn, pages }) => `${id}:${gfn}+${pages}${withFlags ? `/${flags}` : ''}`)
        .sort()
        .join(' ');

export const rangesKey = (ranges: Iterable<{ readonly gfn: number; readonly pages: number }>): string =>
    Array.from(ranges, ({ gfn, pages }) => `${gfn}+${pages}`).join(' ');

type Random = (limit: number) => number;

/** Lines for the fixture, and the keys of every state; the last change leads back to the first state. */
interface Script {
    readonly lines: readonly string[];
    readonly states: ReadonlySet<string>;
    readonly statesWithoutFlags: ReadonlySet<string>;
}

/** Every fourth memslot has a guest_memfd, too. */
function memslotScript(random: Random, memslots: number): Script {
    const slots = new Map<number, ChangingSlot>();
    const lines: string[] = [];
    const states = new Set(['']);
    const statesWithoutFlags = new Set(['']);
    const change = (id: number, flags: number, gfn: number, pages: number) => {
        lines.push(`slot ${id} ${flags} ${gfn} ${pages}`);
        if (pages === 0) slots.delete(id);
        else slots.set(id, { id, flags, gfn, pages });
        states.add(slotsKey(slots.values(), true));
        statesWithoutFlags.add(slotsKey(slots.values(), false));
    };
    const isFree = (id: number, gfn: number, pages: number) =>
        [...slots.values()].every((slot) => slot.id === id || slot.gfn + slot.pages <= gfn || gfn + pages <= slot.gfn);
    while (lines.length < 5 * memslots) {
        const id = random(memslots);
        const slot = slots.get(id);
        const pages = slot?.pages ?? 1 + random(Math.ceil(changingPages / 2 / memslots));
        const gfn = random(changingPages - pages);
        const isGmem = id % 4 === 0;
        if (slot === undefined) {
            if (isFree(id, gfn, pages)) change(id, isGmem ? guestMemfdFlag : random(2) * logDirtyPages, gfn, pages);
        } else if (isGmem || random(3) === 0) {
            change(id, 0, 0, 0); // KVM lets a memslot with a guest_memfd only be taken away.
        } else if (random(2) === 0) {
            change(id, slot.flags ^ logDirtyPages, slot.gfn, pages);
        } else if (isFree(id, gfn, pages)) {
            change(id, slot.flags, gfn, pages);
        }
    }
    for (const id of [...slots.keys()]) change(id, 0, 0, 0);
    return { lines, states, statesWithoutFlags };
}

function attributeScript(random: Random): Script {
    const isPrivate = new Uint8Array(changingPages);
    const lines: string[] = [];
    const states = new Set(['']);
    const change = (gfn: number, pages: number, value: number) => {
        lines.push(`attributes ${gfn} ${pages} ${value}`);
        isPrivate.fill(value, gfn, gfn + pages);
        states.add(rangesKey(rangesOf(isPrivate)));
    };
    while (lines.length < attributeChanges) {
        const pages = 1 + random([3, 200, 2000][random(3)] ?? 1);
        change(random(changingPages - pages), pages, random(2) * privateBit);
    }
    change(0, changingPages, 0);
    return { lines, states, statesWithoutFlags: states };
}

/** Of the guest_memfd, where the memslots that have it lie. */
function allocationLines(random: Random, memslots: number): string[] {
    return Array.from({ length: 200 }, () => {
        const id = 4 * random(Math.ceil(memslots / 4));
        return `${random(2) === 0 ? 'allocate' : 'punch'} ${id} ${random(1_000)} ${1 + random(60)}`;
    });
}

function rangesOf(isPrivate: Uint8Array): { gfn: number; pages: number }[] {
    const ranges: { gfn: number; pages: number }[] = [];
    for (let at = isPrivate.indexOf(privateBit); at >= 0; ) {
        const end = isPrivate.indexOf(0, at);
        const pages = (end < 0 ? isPrivate.length : end) - at;
        ranges.push({ gfn: at, pages });
        at = isPrivate.indexOf(privateBit, at + pages);
    }
    return ranges;
}

export class ChangingMemory {
    private constructor(
        private readonly child: ChildProcess,
        readonly fd: number,
        readonly memslots: Script,
        readonly attributes: Script,
    ) {}

    /** `longestPause` in microseconds, after every sixteenth change or so. */
    static async start(random: Random, memslots: number, longestPause: number, allocates = false): Promise<ChangingMemory> {
        const slots = memslotScript(random, memslots);
        const attributes = attributeScript(random);
        const words = [swProtected, String(longestPause)];
        const child = spawn(compileFixture('changing_memory.c'), words, { stdio: ['pipe', 'pipe', 'inherit'] });
        const allocations = allocates ? allocationLines(random, memslots) : [];
        child.stdin.end([...slots.lines, ...attributes.lines, ...allocations, ''].join('\n'));
        const first = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
        if (first.done === true) throw new Error('The VM did not start; its message is above.');
        return new ChangingMemory(child, Number(first.value), slots, attributes);
    }

    get pid(): number {
        return this.child.pid ?? 0;
    }

    /** Between two changes of each of its threads; until `resume`. */
    async halt(): Promise<void> {
        await stop(this.pid);
    }

    resume(): void {
        this.child.kill('SIGCONT');
    }

    /** A change that KVM refused ended it. */
    get running(): boolean {
        return this.child.exitCode === null && this.child.signalCode === null;
    }

    async stop(): Promise<void> {
        if (!this.running) return;
        this.child.kill('SIGKILL');
        await once(this.child, 'exit');
    }
}
