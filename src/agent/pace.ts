/**
 * Long work on one thread goes in chunks. Between chunks it lets the event loop run, so that other requests are
 * answered, a cancellation is heard and progress is told.
 */
import { once } from 'node:events';
import { errors } from '../common/errors';

export type ReportProgress = (done: number, total: number) => void;

/** Longest time, in milliseconds, that other requests wait for a chunk of this one. */
const slice = 10;

export class Pace {
    private since = performance.now();
    private done = 0;

    constructor(
        private readonly signal: AbortSignal,
        private readonly report: ReportProgress = () => undefined,
    ) {}

    /** Total of what `advance` will count; starts the count again. */
    private total = 0;
    begin(total: number): void {
        this.total = total;
        this.done = 0;
    }

    advance(units: number): void {
        this.done += units;
    }

    /** To be called between chunks; throws `cancelled`. */
    async breathe(): Promise<void> {
        if (performance.now() - this.since < slice) return;
        if (this.total > 0) this.report(Math.min(this.done, this.total), this.total);
        await new Promise((resolve) => setImmediate(resolve));
        this.throwIfCancelled();
        this.since = performance.now();
    }

    throwIfCancelled(): void {
        if (this.signal.aborted) throw errors.cancelled();
    }

    /** Waits for what is done elsewhere; throws `cancelled` when the user gives up before that. */
    async unlessCancelled<Result>(work: Promise<Result>): Promise<Result> {
        this.throwIfCancelled();
        const done = new AbortController();
        const cancelled = once(this.signal, 'abort', { signal: done.signal }).then(() => {
            throw errors.cancelled();
        });
        try {
            return await Promise.race([work, cancelled]);
        } finally {
            cancelled.catch(() => undefined);
            done.abort();
        }
    }
}
