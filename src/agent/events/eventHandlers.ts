/** What the agent does for the requests about recordings of what happens to guest memory. */
import type { EventMethods, RecordingState } from '../../common/eventMethods';
import { errors } from '../../common/errors';
import type { VmDirectory } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import type { ReadPageMap } from '../pages/pageMap';
import { checkFields, checkInteger, checkVm, type Fields } from '../validate';
import { describeEvent } from './describeEvent';
import { checkFilter, checkTimes } from './eventFilter';
import type { OpenRecordings } from './openRecordings';
import { Recording } from './recording';

type EventHandlers = {
    readonly [Method in keyof EventMethods]: (params: unknown, pace: Pace) => Promise<EventMethods[Method]['result']>;
};

/** Rows of the table of events at a time. */
const mostRows = 10_000;
const mostBuckets = 10_000;

export const recordingHandleIn = (fields: Fields) => checkInteger(fields['recording'], 'number of a recording', 1, Number.MAX_SAFE_INTEGER);

export function makeEventHandlers(directory: VmDirectory, readMap: ReadPageMap, recordings: OpenRecordings): EventHandlers {
    const stateOf = (params: unknown, change: (recording: Recording) => void = () => undefined): Promise<RecordingState> => {
        const handle = recordingHandleIn(checkFields(params));
        const recording = recordings.get(handle);
        change(recording);
        return Promise.resolve(recording.describe(handle));
    };

    return {
        startRecording: async (params, pace) => {
            const vm = checkVm(checkFields(params)['vm']);
            const handle = await recordings.add(() => directory.withVm(vm, pace, (open) => Recording.start(open, readMap, pace)));
            return recordings.get(handle).describe(handle);
        },

        recordingState: (params) => stateOf(params),

        stopRecording: (params) => stateOf(params, (recording) => recording.stop()),

        closeRecording: (params) => {
            recordings.close(recordingHandleIn(checkFields(params)));
            return Promise.resolve(null);
        },

        listEvents: async (params) => {
            const fields = checkFields(params);
            const recording = recordings.get(recordingHandleIn(fields));
            const wanted = checkInteger(fields['first'], 'first row', -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
            const most = checkInteger(fields['most'], 'number of rows', 0, mostRows);
            const rows = await recording.list(checkFilter(fields['filter']), wanted, most);
            const events = Array.from({ length: rows.count }, (_, i) => describeEvent(rows, i, recording.mayTellPrivate));
            return { events, first: rows.first, total: rows.total, givenUp: rows.givenUp };
        },

        countEvents: async (params) => {
            const fields = checkFields(params);
            const recording = recordings.get(recordingHandleIn(fields));
            const { from, to } = checkTimes(fields);
            if (Math.ceil(from) >= Math.ceil(to)) throw errors.usage('Events are counted in a time that ends after it begins.');
            return recording.count(checkFilter(fields['filter']), from, to, checkInteger(fields['buckets'], 'number of parts', 1, mostBuckets));
        },
    };
}
