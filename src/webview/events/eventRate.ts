/** How many events there are in a second now, from two looks at a recording. */
import type { RecordingState } from '../../common/eventMethods';

export class EventRate {
    private before: RecordingState | null = null;
    /** Null while it cannot be told. */
    perSecond: number | null = null;

    look(recording: RecordingState | null): void {
        const { before } = this;
        this.before = recording;
        const isSame = recording !== null && before?.recording === recording.recording && before.since === recording.since;
        if (!isSame || recording.state !== 'recording') this.perSecond = null;
        else if (recording.now > before.now) this.perSecond = ((seen(recording) - seen(before)) / (recording.now - before.now)) * 1e6;
    }
}

const seen = ({ events, givenUp, lost }: RecordingState): number => events + givenUp + lost;
