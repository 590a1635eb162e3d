/**
 * How many events there were over the time of a recording: bars in the colours of the kinds' groups, on a canvas. Pressing
 * one leads to its first event; as a slider by the keyboard.
 */
import type { EventLoss } from '../../common/eventMethods';
import type { EventsAnswer } from '../../common/eventsViewMessages';
import type { MapColorName } from '../../common/mapColors';
import type { MemoryEventKind } from '../../common/memoryEvents';
import { element } from '../dom';
import { readPalette } from '../drawing/palette';
import { t } from '../l10n';
import { briefClockText } from './eventTime';
import { toneOf } from './kindTone';

/** CSS pixels for each bar. */
const barWidth = 3;

export interface Counted {
    readonly from: number;
    readonly to: number;
    readonly counts: Extract<EventsAnswer, { type: 'count' }>;
    /** Those that are shown; none = all. */
    readonly kinds: readonly MemoryEventKind[];
    readonly losses: readonly EventLoss[];
}

export class Histogram {
    private readonly canvas = element('canvas', '');
    readonly element = element('div', 'histogram', this.canvas);
    private counted: Counted | null = null;
    /** A row of sums for each colour, and their sums. */
    private bars: readonly (readonly [MapColorName, Float64Array])[] = [];
    private totals = new Float64Array(0);
    private at = 0;

    /** `onGo` is told the time to go to. */
    constructor(private readonly onGo: (time: number) => void) {
        const target = this.element;
        target.tabIndex = 0;
        target.setAttribute('role', 'slider');
        target.setAttribute('aria-label', t('Events over time'));
        target.setAttribute('aria-valuemin', '0');
        target.addEventListener('pointermove', ({ offsetX }) => (target.title = this.textOf(this.barAt(offsetX))));
        target.addEventListener('click', ({ offsetX }) => this.go(this.barAt(offsetX)));
        target.addEventListener('keydown', (event) => this.onKey(event));
        new ResizeObserver(() => this.draw()).observe(target);
    }

    /** How many bars there is room for. */
    get buckets(): number {
        return Math.min(1000, Math.max(16, Math.floor(this.element.clientWidth / barWidth)));
    }

    show(counted: Counted | null): void {
        this.counted = counted;
        this.sum();
        this.showAt(Math.min(this.at, Math.max(0, this.totals.length - 1)));
        this.draw();
    }

    draw(): void {
        const { canvas, counted, totals } = this;
        const { clientWidth, clientHeight } = this.element;
        const ratio = devicePixelRatio;
        canvas.width = Math.round(clientWidth * ratio);
        canvas.height = Math.round(clientHeight * ratio);
        const context = canvas.getContext('2d');
        if (context === null || counted === null || totals.length === 0) return;
        const palette = readPalette();
        const most = totals.reduce((high, value) => Math.max(high, value), 1);
        const width = canvas.width / totals.length;
        const gap = width >= 2 * ratio ? ratio : 0;
        totals.forEach((_, i) => {
            let bottom = canvas.height;
            for (const [color, counts] of this.bars) {
                const count = counts[i] ?? 0;
                if (count === 0) continue;
                // One event is seen beside a million.
                const height = Math.max(2 * ratio, (count / most) * canvas.height);
                context.fillStyle = palette.map[color];
                context.fillRect(i * width, bottom - height, Math.max(1, width - gap), height);
                bottom -= height;
            }
        });
        const { losses, from, to } = counted;
        const placeOf = (time: number) => ((time - from) / (to - from)) * canvas.width;
        context.fillStyle = palette.map.unbacked;
        for (const loss of losses) {
            if (loss.to >= from && loss.from < to) context.fillRect(placeOf(loss.from), 0, Math.max(2 * ratio, placeOf(loss.to) - placeOf(loss.from)), canvas.height);
        }
        if (document.activeElement === this.element) {
            context.fillStyle = palette.focus;
            context.fillRect(this.at * width, 0, Math.max(1, width - gap), 2 * ratio);
        }
    }

    private sum(): void {
        const { counted } = this;
        const bars = new Map<MapColorName, Float64Array>();
        const buckets = counted?.counts.buckets ?? 0;
        this.totals = new Float64Array(buckets);
        counted?.counts.kinds.forEach((kind, row) => {
            if (counted.kinds.length > 0 && !counted.kinds.includes(kind)) return;
            const tone = toneOf(kind);
            const sums = bars.get(tone) ?? new Float64Array(buckets);
            bars.set(tone, sums);
            for (let i = 0; i < buckets; i++) {
                const count = counted.counts.counts[row * buckets + i] ?? 0;
                sums[i] = (sums[i] ?? 0) + count;
                this.totals[i] = (this.totals[i] ?? 0) + count;
            }
        });
        this.bars = [...bars];
    }

    private onKey(event: KeyboardEvent): void {
        const last = this.totals.length - 1;
        const targets: Readonly<Record<string, number>> = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: last };
        const target = targets[event.key];
        if (target !== undefined) this.showAt(Math.min(Math.max(target, 0), Math.max(last, 0)));
        else if (event.key === 'Enter' || event.key === ' ') this.go(this.at);
        else return;
        event.preventDefault();
        this.draw();
    }

    private showAt(at: number): void {
        this.at = at;
        this.element.setAttribute('aria-valuemax', String(Math.max(0, this.totals.length - 1)));
        this.element.setAttribute('aria-valuenow', String(at));
        this.element.setAttribute('aria-valuetext', this.textOf(at));
    }

    private barAt(x: number): number {
        return Math.min(Math.max(0, Math.floor((x / this.element.clientWidth) * this.totals.length)), Math.max(0, this.totals.length - 1));
    }

    private startOf(bar: number): number {
        const { from, to } = this.counted ?? { from: 0, to: 0 };
        return from + ((to - from) * bar) / Math.max(1, this.totals.length);
    }

    private textOf(bar: number): string {
        if (this.counted === null) return '';
        const count = this.totals[bar] ?? 0;
        const seconds = (this.startOf(bar + 1) - this.startOf(bar)) / 1e6;
        const rate = seconds === 0 ? 0 : count / seconds;
        return t('{0}: {1} events, {2} a second', briefClockText(this.startOf(bar)), count.toLocaleString(), Math.round(rate).toLocaleString());
    }

    private go(bar: number): void {
        this.showAt(bar);
        if (this.counted !== null) this.onGo(Math.floor(this.startOf(bar)));
    }
}
