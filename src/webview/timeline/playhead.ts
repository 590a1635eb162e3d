/**
 * Which time the map shows: the one that is asked for is shown before the next is asked for, and of all that were wished
 * meanwhile only the newest is. Back to now is asked for at once.
 */
export interface PlayheadEvents {
    /** Null = now. */
    ask(time: number | null): void;
    /** What is wished, or what is shown, is another. */
    changed(): void;
}

export class Playhead {
    private shownTime: number | null = null;
    private wishedTime: number | null = null;
    private isAsked = false;

    constructor(
        private readonly events: PlayheadEvents,
        /** Whether the map has all that it needs to be drawn. */
        private readonly isDrawn: () => boolean,
    ) {}

    /** Null = now. */
    get wished(): number | null {
        return this.wishedTime;
    }

    get shown(): number | null {
        return this.shownTime;
    }

    wish(time: number | null): void {
        if (time === this.wishedTime) return;
        this.wishedTime = time;
        this.events.changed();
        if (time === null) this.ask();
        else this.goOn();
    }

    /** The host shows this; `instead` of what was wished, or unasked. */
    receive(time: number | null, instead: boolean): void {
        this.isAsked = false;
        this.shownTime = time;
        if (instead) this.wishedTime = time;
        this.events.changed();
        this.goOn();
    }

    /** To be called when pages came. */
    goOn(): void {
        if (!this.isAsked && this.wishedTime !== this.shownTime && this.isDrawn()) this.ask();
    }

    private ask(): void {
        this.isAsked = true;
        this.events.ask(this.wishedTime);
    }
}
