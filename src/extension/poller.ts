import type { Disposable } from 'vscode';

const usualPauseMs = 2000;
/** A task that takes long is repeated seldom: it may use at most a tenth of the time. */
const pausePerDuration = 9;

/** Repeats a task while it is wanted, never twice at once. The task reports its own failures. */
export class Poller implements Disposable {
    private timer: NodeJS.Timeout | undefined;
    private isWanted = false;
    private running = false;

    /** `shortestPause` in milliseconds, asked for anew each time: it may be a setting. */
    constructor(
        private readonly task: () => Promise<void>,
        private readonly shortestPause: () => number = () => usualPauseMs,
    ) {}

    set wanted(wanted: boolean) {
        if (wanted === this.isWanted) return;
        this.isWanted = wanted;
        clearTimeout(this.timer);
        if (wanted && !this.running) void this.run();
    }

    dispose(): void {
        this.wanted = false;
    }

    private async run(): Promise<void> {
        this.running = true;
        const start = performance.now();
        await this.task();
        this.running = false;
        if (!this.isWanted) return;
        const pause = Math.max(this.shortestPause(), (performance.now() - start) * pausePerDuration);
        this.timer = setTimeout(() => void this.run(), pause);
    }
}
