/** The strip below the map: what was recorded over time, and the playhead that says which time the map shows. */
import type { ShownRecording, TimeBuckets } from '../../common/timelineMessages';
import { element } from '../dom';
import { contextOf, emptyCanvas } from '../drawing/canvas';
import type { Palette } from '../drawing/palette';
import { t } from '../l10n';
import { clamp } from '../layout/cellNumbers';
import { timeText } from './clock';
import { drawStrip, placeOf, stripHeight, timeAt } from './drawStrip';
import { bucketsFor, EventCounts, type CountedBuckets } from './eventCounts';
import { RowNames } from './rowNames';
import { listenToStrip } from './stripInput';
import { describeBar } from './describeBar';
import { TimeWindow } from './timeWindow';

/** In CSS pixels. */
const narrowestBar = 2;
/** So near to now is now. */
const snap = 4;

export interface StripEvents {
    count(of: TimeBuckets): void;
    /** Null = now. */
    seek(time: number | null): void;
}

export class EventStrip {
    private readonly canvas = emptyCanvas('bars');
    private readonly context = contextOf(this.canvas, { alpha: false });
    private readonly slider = element('div', 'playhead');
    private readonly tooltip = element('div', 'barDetails');
    private readonly plot = element('div', 'plot', this.canvas, this.slider, this.tooltip);
    private readonly names = new RowNames();
    readonly element = element('section', 'timeline', this.names.element, this.plot);
    private readonly window = new TimeWindow();
    private readonly counts: EventCounts;
    private recording: ShownRecording | null = null;
    /** Null = now. */
    private time: number | null = null;
    private hovered: number | null = null;
    private isHeld = false;
    private frameRequest = 0;

    constructor(
        private palette: Palette,
        private readonly events: StripEvents,
    ) {
        this.counts = new EventCounts((of) => events.count(of));
        this.element.setAttribute('aria-label', t('Timeline of the recorded events'));
        this.element.hidden = true;
        this.tooltip.hidden = true;
        this.slider.tabIndex = 0;
        this.slider.setAttribute('role', 'slider');
        this.slider.setAttribute('aria-label', t('Time that the map shows'));
        this.slider.title = t('Drag, or press Left and Right, to see the map as it was; + and − zoom, 0 shows all');
        listenToStrip(this.plot, this.slider, {
            seek: (x) => this.seek(timeAt(this.window, this.width, x), snap),
            step: (bars) => this.step(bars),
            end: (direction) => this.seek(direction < 0 ? -Infinity : Infinity, 0),
            zoom: (factor, x) => this.moveWindow(() => this.window.zoom(factor, x === undefined ? (this.time ?? this.now) : timeAt(this.window, this.width, x))),
            pan: (by) => this.moveWindow(() => this.window.pan(timeAt(this.window, this.width, by) - this.window.from)),
            showAll: () => this.moveWindow(() => this.window.showAll()),
            hover: (x) => this.hover(x),
            leave: () => this.hover(null),
            hold: (isHeld) => this.hold(isHeld),
        });
        new ResizeObserver(() => this.draw()).observe(this.plot);
    }

    setPalette(palette: Palette): void {
        this.palette = palette;
        this.requestDraw();
    }

    /** Null = there is nothing to show. */
    show(recording: ShownRecording | null): void {
        if (recording?.since !== this.recording?.since) this.counts.forget();
        this.recording = recording;
        this.element.hidden = recording === null;
        if (recording === null) return;
        this.names.show(recording);
        // Under a hand it stays where it is.
        if (!this.isHeld) this.window.setRecording(recording.since, recording.now);
        this.requestDraw();
    }

    /** Null = now. */
    showTime(time: number | null): void {
        this.time = time;
        if (time !== null && !this.isHeld) this.window.reveal(time);
        this.requestDraw();
    }

    receive(of: TimeBuckets, counts: Uint32Array | null): void {
        this.counts.receive(of, counts);
        this.requestDraw();
    }

    private get width(): number {
        return this.plot.clientWidth;
    }

    private get now(): number {
        return this.recording?.now ?? 0;
    }

    private get buckets(): TimeBuckets {
        return bucketsFor(this.window, Math.max(1, Math.floor(this.width / narrowestBar)));
    }

    private seek(time: number, snapPixels: number): void {
        if (this.recording === null) return;
        const { since, now } = this.recording;
        const isNow = time >= now || placeOf(this.window, this.width, now) - placeOf(this.window, this.width, time) <= snapPixels;
        this.events.seek(isNow ? null : clamp(time, since, now));
    }

    private step(bars: number): void {
        const { from, to, buckets } = this.buckets;
        this.seek((this.time ?? this.now) + (bars * (to - from)) / buckets, 0);
    }

    private moveWindow(move: () => void): void {
        move();
        this.requestDraw();
    }

    private hover(x: number | null): void {
        this.hovered = x;
        this.requestDraw();
    }

    private hold(isHeld: boolean): void {
        this.isHeld = isHeld;
        this.show(this.recording);
    }

    private requestDraw(): void {
        this.frameRequest ||= requestAnimationFrame(() => this.draw());
    }

    private draw(): void {
        this.frameRequest = 0;
        const { recording, palette, width, canvas, counts } = this;
        if (recording === null || width === 0) return;
        counts.want(this.buckets, recording.events);
        const ratio = devicePixelRatio;
        const [wide, tall] = [Math.round(width * ratio), Math.round(stripHeight * ratio)];
        if (canvas.width !== wide || canvas.height !== tall) {
            canvas.width = wide;
            canvas.height = tall;
            canvas.style.width = `${wide / ratio}px`;
            canvas.style.height = `${tall / ratio}px`;
        }
        drawStrip(this.context, { times: this.window, width, ratio, counted: counts.known, recording, palette });
        this.placeSlider(recording);
        this.placeTooltip(recording, counts.known);
    }

    private placeSlider({ since, now }: ShownRecording): void {
        const { slider, time } = this;
        const x = placeOf(this.window, this.width, time ?? now);
        slider.hidden = x < 0 || x > this.width;
        slider.style.transform = `translateX(${x}px)`;
        slider.classList.toggle('past', time !== null);
        const milliseconds = (value: number) => String(Math.round(value / 1000));
        slider.setAttribute('aria-valuemin', '0');
        slider.setAttribute('aria-valuemax', milliseconds(now - since));
        slider.setAttribute('aria-valuenow', milliseconds((time ?? now) - since));
        slider.setAttribute('aria-valuetext', time === null ? t('now') : timeText(time));
    }

    private placeTooltip(recording: ShownRecording, counted: CountedBuckets | null): void {
        const { hovered, tooltip } = this;
        const lines = hovered === null ? null : describeBar(recording, counted, timeAt(this.window, this.width, hovered));
        tooltip.hidden = lines === null;
        if (lines === null || hovered === null) return;
        tooltip.replaceChildren(...lines);
        const left = clamp(hovered - tooltip.offsetWidth / 2, 0, Math.max(0, this.width - tooltip.offsetWidth));
        tooltip.style.transform = `translateX(${left}px)`;
    }
}
