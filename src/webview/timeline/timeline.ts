/** Recordings, as the page map shows them: the buttons that record, the strip, and the banner of a map of the past. */
import type { MapRequest, ShownMap } from '../../common/mapMessages';
import type { ShownRecording, TimelineEvent } from '../../common/timelineMessages';
import type { Palette } from '../drawing/palette';
import { PastBanner } from './pastBanner';
import { Playhead } from './playhead';
import { RecordingControls } from './recordingControls';
import { EventStrip } from './strip';

export class Timeline {
    private readonly strip: EventStrip;
    private readonly playhead: Playhead;
    private readonly buttons: RecordingControls;
    private readonly banner: PastBanner;
    private recording: ShownRecording | null = null;
    /** Whether the VM could be recorded. */
    private isOffered = false;
    /** What is shown is of one VM, now or then. */
    private hasTime = false;

    /** `isDrawn`: whether the map has all that it asked for. */
    constructor(palette: Palette, post: (request: MapRequest) => void, isDrawn: () => boolean) {
        this.strip = new EventStrip(palette, {
            count: (of) => post({ type: 'countEvents', of }),
            seek: (time) => this.playhead.wish(time),
        });
        this.playhead = new Playhead({ ask: (time) => post({ type: 'showTime', time }), changed: () => this.showTime() }, isDrawn);
        this.buttons = new RecordingControls(post);
        this.banner = new PastBanner(() => this.playhead.wish(null));
        // Before all others that Escape means something to; a text field has it for itself.
        const onEscape = (event: KeyboardEvent) => {
            if (event.key !== 'Escape' || this.playhead.wished === null || event.target instanceof HTMLInputElement) return;
            event.preventDefault();
            event.stopPropagation();
            this.playhead.wish(null);
        };
        document.addEventListener('keydown', onEscape, { capture: true });
    }

    get element(): HTMLElement {
        return this.strip.element;
    }

    /** For the toolbar. */
    get controls(): readonly HTMLElement[] {
        return [this.buttons.element, this.banner.element];
    }

    setPalette(palette: Palette): void {
        this.strip.setPalette(palette);
    }

    showMap({ origin }: ShownMap): void {
        this.hasTime = origin === 'live' || origin === 'replay';
        this.show();
    }

    receive(event: TimelineEvent): void {
        switch (event.type) {
            case 'recording':
                this.recording = event.recording;
                this.isOffered = event.offered;
                this.show();
                break;
            case 'eventCounts':
                this.strip.receive(event.of, event.counts);
                break;
            case 'shownTime':
                this.playhead.receive(event.time, event.instead);
        }
    }

    /** Pages came. */
    goOn(): void {
        this.playhead.goOn();
    }

    private show(): void {
        this.strip.show(this.hasTime ? this.recording : null);
        this.buttons.show(this.recording, this.isOffered && this.hasTime);
        this.showTime();
    }

    private showTime(): void {
        this.strip.showTime(this.playhead.wished);
        this.banner.show(this.hasTime ? this.playhead.shown : null);
    }
}
