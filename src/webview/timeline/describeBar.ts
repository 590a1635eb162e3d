/** What the strip's tooltip says of the time under the pointer. */
import { eventGroups } from '../../common/eventGroups';
import type { EventLoss } from '../../common/eventMethods';
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
    const losses = recording.losses.filter((loss) => loss.from < start + length && loss.to >= start);
    return [
        element('div', 'title', `${clock(start, digits)} – ${clock(start + length, digits)}`),
        definitions('', lines.length === 0 && losses.length === 0 ? [[t('No events'), '']] : lines),
        ...(losses.length > 0 ? [element('div', 'warning', lossText(losses))] : []),
    ];
}

/** Looks at the rings are some 20 ms apart. */
const lossDigits = 2;

/** Of one at least. */
function lossText(losses: readonly EventLoss[]): string {
    const events = losses.reduce((sum, loss) => sum + loss.events, 0);
    const begin = clock(losses[0]?.from ?? 0, lossDigits);
    const end = clock(losses.at(-1)?.to ?? 0, lossDigits);
    return events === 1
        ? t('One event was lost between {0} and {1}: it came faster than it could be taken.', begin, end)
        : t('{0} events were lost between {1} and {2}: they came faster than they could be taken.', events.toLocaleString(), begin, end);
}
