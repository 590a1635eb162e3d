/** Guest Memory Events alone in a page of headless Chromium, with a pretended host that holds a recording of any length. */
import { readFileSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { EventFilter, RecordingState } from '../../src/common/eventMethods';
import type { EventsAnswer, EventsQuestion, EventsSubject, EventsViewEvent, EventsViewRequest } from '../../src/common/eventsViewMessages';
import { parseEventsViewRequest } from '../../src/common/eventsViewRequest';
import type { MemoryEvent, MemoryEventKind } from '../../src/common/memoryEvents';
import { chromiumFlags, styleOf } from './mapPage';
import { chromiumPath } from './workbench';

/** Microseconds since 1970. */
export const began = Date.UTC(2026, 0, 2, 3, 4, 5) * 1000;
/** Between two events, in microseconds. */
const step = 10;
/** Event i is of kind i modulo their number. */
const kinds: readonly MemoryEventKind[] = ['attributes', 'attributes-changed', 'fault', 'mapped', 'unmapped', 'allocate'];

const hex = (value: number): string => `0x${value.toString(16)}`;

export function madeEvent(i: number): MemoryEvent {
    const time = `${new Date((began + i * step) / 1000).toISOString().slice(0, 19)}.${String((began + i * step) % 1_000_000).padStart(6, '0')}Z`;
    const common = { time, thread: 1000 + (i % 4) };
    const [at, size] = [hex((i % 4096) * 4096), '0x1000'];
    const call = { microseconds: 3 + (i % 50), error: i % 12 === 0 ? 'EAGAIN' : null };
    switch (kinds[i % kinds.length]) {
        case 'attributes':
            return { ...common, ...call, kind: 'attributes', gpa: at, size, to: 'private' };
        case 'attributes-changed':
            return { ...common, kind: 'attributes-changed', gpa: at, size, to: 'private' };
        case 'fault':
            return { ...common, kind: 'fault', vcpu: i % 4, gpa: hex((i % 4096) * 4096 + 8), access: 'write', private: null };
        case 'mapped':
            return { ...common, kind: 'mapped', gpa: at, size };
        case 'unmapped':
            return { ...common, kind: 'unmapped', hva: hex(0x7f0000000000 + (i % 4096) * 4096), size };
        default:
            return { ...common, ...call, kind: 'allocate', inode: 7, offset: at, size };
    }
}

export const madeState = (events: number, more: Partial<RecordingState> = {}): RecordingState => ({
    recording: 1,
    vm: '1:2',
    since: began,
    now: began + Math.max(1, events) * step,
    state: 'recording',
    missing: [],
    events,
    lost: 0,
    losses: [],
    givenUp: 0,
    oldest: events === 0 ? null : began,
    bytes: events * 40,
    ...more,
});

export const madeSubject = (recording: RecordingState | null): EventsSubject => ({
    id: `1:2 ${recording?.recording ?? 0}`,
    title: 'made (1:2)',
    memslots: [{ id: 3, gpa: '0x0', size: '0x1000000', hva: '0x7f0000000000', guestMemfd: { inode: 7, offset: '0x0' }, description: 'anonymous' }],
    recording,
    isActive: true,
});

interface EventsWindow extends Window {
    saved: unknown;
    receive(request: EventsViewRequest): Promise<void>;
    acquireVsCodeApi?: () => object;
}

export class EventsPage {
    /** All that the page sent, in order. */
    readonly requests: EventsViewRequest[] = [];
    private subject: EventsSubject | null = null;

    private constructor(
        readonly page: Page,
        private readonly browser: Browser,
    ) {}

    /** `saved` is what an earlier page had kept with setState. */
    static async open(saved?: unknown): Promise<EventsPage> {
        const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags });
        const context = await browser.newContext({ viewport: { width: 1000, height: 300 }, timezoneId: 'UTC' });
        const page = await context.newPage();
        const opened = new EventsPage(page, browser);
        await page.exposeFunction('receive', (message: unknown) => opened.receive(message));
        await page.setContent('<!DOCTYPE html><html><body></body></html>');
        for (const style of ['controls', 'table', 'events']) await page.addStyleTag({ content: readFileSync(`media/${style}.css`, 'utf8') });
        await page.evaluate(
            ([state, style]) => {
                const events = window as unknown as EventsWindow;
                document.documentElement.setAttribute('style', style);
                events.saved = state;
                events.acquireVsCodeApi = () => ({
                    postMessage: (request: EventsViewRequest) => void events.receive(request),
                    getState: () => events.saved,
                    setState: (kept: unknown) => (events.saved = kept),
                });
            },
            [saved, styleOf('dark')] as const,
        );
        await page.addScriptTag({ path: 'dist/events.js' });
        return opened;
    }

    async close(): Promise<void> {
        await this.browser.close();
    }

    saved(): Promise<unknown> {
        return this.page.evaluate(() => (window as unknown as EventsWindow).saved);
    }

    async show(subject: EventsSubject | null, problem: Extract<EventsViewEvent, { type: 'shown' }>['problem'] = null): Promise<void> {
        this.subject = subject;
        await this.send({ type: 'shown', subject, problem, cost: 'It costs a little.' });
    }

    async send(event: EventsViewEvent): Promise<void> {
        const counts = event.type === 'answer' && event.answer?.type === 'count' ? [...event.answer.counts] : null;
        await this.page.evaluate(
            ([data, column]) => {
                if (column !== null && data.type === 'answer' && data.answer !== null) Object.assign(data.answer, { counts: Uint32Array.from(column) });
                window.dispatchEvent(new MessageEvent('message', { data }));
            },
            [event, counts] as const,
        );
    }

    private async receive(message: unknown): Promise<void> {
        const request = parseEventsViewRequest(message);
        if (request === undefined) throw new Error(`the page sent ${JSON.stringify(message)}`);
        this.requests.push(request);
        if (request.type !== 'ask') return;
        await this.send({ type: 'answer', question: request.question, answer: this.answer(request.about), problem: null });
    }

    private answer(about: EventsQuestion): EventsAnswer {
        const indexes = this.passing(about.filter);
        if (about.type === 'list') {
            const { first, most } = about;
            const events = Array.from({ length: Math.max(0, Math.min(most, indexes.total - first)) }, (_, i) => madeEvent(indexes.at(first + i)));
            return { type: 'list', events, first, total: indexes.total, givenUp: indexes.givenUp };
        }
        const { from, to, buckets } = about;
        const counts = new Uint32Array(kinds.length * buckets);
        const events = this.subject?.recording?.events ?? 0;
        for (let bucket = 0; bucket < buckets; bucket++) {
            const edge = (at: number) => Math.min(events, Math.max(0, Math.ceil((from + ((to - from) * at) / buckets - began) / step)));
            const before = (event: number, row: number) => Math.ceil((event - row) / kinds.length);
            for (const row of kinds.keys()) counts[row * buckets + bucket] = before(edge(bucket + 1), row) - before(edge(bucket), row);
        }
        return { type: 'count', kinds, buckets, counts };
    }

    /** Of kinds and times alone, without making a list of them all. */
    private passing({ kinds: wanted, times }: EventFilter): { readonly total: number; readonly givenUp: number; at(index: number): number } {
        const rows = kinds.flatMap((kind, row) => (wanted === null || wanted.includes(kind) ? [row] : []));
        const { events, givenUp } = this.subject?.recording ?? { events: 0, givenUp: 0 };
        const end = times === null ? givenUp + events : Math.min(givenUp + events, Math.max(givenUp, Math.ceil((times.to - began) / step)));
        const before = (event: number) => Math.floor(event / kinds.length) * rows.length + rows.filter((row) => row < event % kinds.length).length;
        const gone = before(givenUp);
        return {
            total: before(end) - gone,
            givenUp: gone,
            at: (index) => Math.floor((gone + index) / rows.length) * kinds.length + (rows[(gone + index) % rows.length] ?? 0),
        };
    }
}
