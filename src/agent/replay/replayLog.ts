/** The events that replays need, from the log of a recording. */
import type { EventLog } from '../../../native/index';
import { nativeFilter } from '../events/eventFilter';
import { replayedKinds } from './replayEvents';
import type { ReplayLog } from './replayHistory';

export const replayLog = (log: EventLog): ReplayLog => ({
    // Events have whole microseconds.
    read: (after, until, most) =>
        log.list(...nativeFilter({ kinds: replayedKinds, failed: false, times: { from: Math.floor(after) + 1, to: Math.floor(until) + 1 } }), null, 0, most),
    get gapUntil() {
        return log.givenUp === 0 ? null : log.oldest;
    },
});
