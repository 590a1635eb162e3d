/** Recordings of one agent for a whole suite, each closed after its test. Call it inside `describe`. */
import type { EventFilter, RecordingHandle, RecordingState } from '../../src/common/eventMethods';
import { suiteAgent } from './suiteAgent';

export const everything: EventFilter = { kinds: null, range: null, failed: false, times: null };

export function suiteRecordings() {
    const agent = suiteAgent();
    let open: RecordingHandle[] = [];

    afterEach('close the recordings', async () => {
        for (const recording of open) await agent().request('closeRecording', { recording });
        open = [];
    });

    return {
        agent,
        start: async (vm: string): Promise<RecordingState> => {
            const state = await agent().request('startRecording', { vm });
            open.push(state.recording);
            return state;
        },
        stop: (recording: RecordingHandle) => agent().request('stopRecording', { recording }),
        list: (recording: RecordingHandle, filter: Partial<EventFilter> = {}, first = 0, most = 10_000) =>
            agent().request('listEvents', { recording, filter: { ...everything, ...filter }, first, most }),
    };
}
