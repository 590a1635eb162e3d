/** Draws the strip: a row of bars for each group of events, the clock below, and where events were lost. */
import { eventGroups } from '../../common/eventGroups';
import type { ShownRecording } from '../../common/timelineMessages';
import { Pen } from '../drawing/pen';
import type { Palette } from '../drawing/palette';
import { t } from '../l10n';
import { clock, digitsFor, roundStep } from './clock';
import type { CountedBuckets } from './eventCounts';
import type { Times } from './timeWindow';

/** In CSS pixels; media/pageMap.css has the same for the names of the rows. */
export const laneHeight = 10;
const clockHeight = 13;
export const stripHeight = eventGroups.length * laneHeight + clockHeight;
const lanesHeight = eventGroups.length * laneHeight;
const flagWidth = 9;
/** Room for a time of the clock, and what stays free between two. */
const labelGap = 24;

export interface StripFrame {
    readonly times: Times;
    readonly width: number;
    readonly ratio: number;
    readonly counted: CountedBuckets | null;
    readonly recording: ShownRecording;
    readonly palette: Palette;
}

export const placeOf = ({ from, to }: Times, width: number, time: number): number => ((time - from) / (to - from)) * width;
export const timeAt = ({ from, to }: Times, width: number, x: number): number => Math.round(from + (x / width) * (to - from));

export function drawStrip(context: CanvasRenderingContext2D, frame: StripFrame): void {
    const { width, ratio, palette, recording, times } = frame;
    const pen = new Pen(context, ratio, palette.font);
    const at = (time: number) => placeOf(times, width, time);
    pen.box(0, 0, width, stripHeight, palette.background);
    const start = Math.max(0, at(recording.since));
    const end = Math.min(width, at(recording.now));
    eventGroups.forEach((_, lane) => {
        if (end > start) pen.box(start, lane * laneHeight, end - start, laneHeight - 1, palette.map.hole);
    });
    drawClock(pen, frame);
    if (frame.counted !== null) drawBars(pen, frame, frame.counted);
    drawLosses(pen, frame);
}

/** Taller by the logarithm: one event is seen beside thousands. */
function drawBars(pen: Pen, { times, width, palette }: StripFrame, { from, to, buckets, counts }: CountedBuckets): void {
    const most = counts.reduce((a, b) => Math.max(a, b), 1);
    const tallest = laneHeight - 1;
    const edge = (bucket: number) => placeOf(times, width, from + ((to - from) * bucket) / buckets);
    eventGroups.forEach(({ color }, lane) => {
        for (let bucket = 0; bucket < buckets; bucket++) {
            const count = counts[lane * buckets + bucket] ?? 0;
            const [left, right] = [edge(bucket), edge(bucket + 1)];
            if (count === 0 || right < 0 || left > width) continue;
            const tall = most === 1 ? tallest : 3 + (tallest - 3) * (Math.log(count) / Math.log(most));
            pen.box(left, lane * laneHeight + tallest - tall, right - left, tall, palette.map[color]);
        }
    });
}

function drawClock(pen: Pen, { times, width, palette, recording }: StripFrame): void {
    const { from, to } = times;
    const middle = lanesHeight + clockHeight / 2 + 1;
    const end = recording.state === 'recording' ? t('now') : t('end');
    const endPlace = Math.min(placeOf(times, width, recording.now) + pen.widthOf(end) / 2, width);
    const isEndInSight = recording.now >= from && recording.now <= to;
    const endLeft = isEndInSight ? endPlace - pen.widthOf(end) : Infinity;
    if (isEndInSight) pen.text(end, endPlace, middle, palette.foreground, 'right');
    const widest = pen.widthOf(clock(from, digitsFor(roundStep((to - from) / 100)))) + labelGap;
    const step = roundStep(((to - from) * widest) / width);
    const digits = digitsFor(step);
    for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
        const x = placeOf(times, width, time);
        const text = clock(time, digits);
        const half = pen.widthOf(text) / 2;
        pen.box(x, lanesHeight, 1, 3, palette.muted);
        const isClear = x + half < endLeft - labelGap / 2 || x - half > endPlace + labelGap / 2;
        if (x - half >= 0 && x + half <= width && isClear) pen.text(text, x, middle, palette.muted, 'center');
    }
}

/** Hatched where something is missing, a dotted line where that is short; with a flag before it, where there is room for one. */
function drawLosses(pen: Pen, { width, times, recording, palette: { warning, background } }: StripFrame): void {
    let lastFlag = -Infinity;
    for (const { from, to } of recording.losses) {
        const left = Math.max(0, placeOf(times, width, from) - 1);
        const right = Math.min(width, Math.max(placeOf(times, width, to), left + 2));
        if (right <= 0 || left >= width) continue;
        for (let y = 0; y < lanesHeight; y += 4) pen.box(left, y, right - left, 2, warning);
        if (left - lastFlag < flagWidth + 1) continue;
        lastFlag = left;
        pen.box(left - flagWidth, 0, flagWidth, 12, warning);
        pen.text('!', left - flagWidth / 2, 6.5, background, 'center');
    }
}
