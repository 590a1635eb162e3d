/** What the strip's tooltip says of the time under the pointer. */
import { eventGroups } from '../../common/eventGroups';
import type { ShownRecording } from '../../common/timelineMessages';
import { definitions, element } from '../dom';
import { t } from '../l10n';
import { clock, digitsFor } from './clock';
import type { CountedBuckets } from './eventCounts';

/** Null where nothing was recorded. */
export function describeBar(recording: ShownRecording, counted: CountedBuckets | null, time: number): readonly HTMLElement[] | null {
    if (counted === null || time < counted.from || time >= counted.to || time < recording.since || time > recording.now) return null;
    const { from, to, buckets, counts } = counted;
    const length = (to - from) / buckets;
    const bucket = Math.floor((time - from) / length);
    const start = from + bucket * length;
    const digits = Math.max(0, digitsFor(length));
    const lines = eventGroups.flatMap(({ name }, lane) => {
        const count = counts[lane * buckets + bucket] ?? 0;
        return count === 0 ? [] : [[t(name), count.toLocaleString()] as const];
    });
    const { lostAt, lost } = recording;
    const isLoss = lostAt !== null && lostAt >= start && lostAt < start + length;
    return [
        element('div', 'title', `${clock(start, digits)} – ${clock(start + length, digits)}`),
        definitions('', lines.length === 0 && !isLoss ? [[t('No events'), '']] : lines),
        ...(isLoss ? [element('div', 'warning', lossText(lost))] : []),
    ];
}

export const lossText = (lost: number): string =>
    lost === 1 ? t('One event was lost by then: it came faster than it could be taken.') : t('{0} events were lost by then: they came faster than they could be taken.', lost.toLocaleString());
