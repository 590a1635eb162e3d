/** The recordings that a client of the agent holds, by number. They end with the connection, and so with the agent. */
import { randomInt } from 'node:crypto';
import type { VmIdentity } from '../../../native/index';
import { errors } from '../../common/errors';
import type { Finding } from '../../common/finding';
import type { RecordingHandle } from '../../common/eventMethods';
import type { Recording } from './recording';

/** Each may hold half a gigabyte. */
const mostRecordings = 8;

export class OpenRecordings {
    private readonly recordings = new Map<RecordingHandle, Recording>();
    /** Those that are being started have their place already. */
    private starting = 0;
    /** At random, so that a number which is left from an agent that ended is no recording of the next one. */
    private lastHandle = randomInt(2 ** 40);

    async add(start: () => Promise<Recording>): Promise<RecordingHandle> {
        if (this.recordings.size + this.starting >= mostRecordings) throw errors.tooManyRecordings(mostRecordings);
        this.starting++;
        try {
            const handle = ++this.lastHandle;
            this.recordings.set(handle, await start());
            return handle;
        } finally {
            this.starting--;
        }
    }

    get(handle: RecordingHandle): Recording {
        const recording = this.recordings.get(handle);
        if (recording === undefined) throw errors.noSuchRecording(handle);
        return recording;
    }

    /** Of one VM, the newest last. */
    ofVm(vm: VmIdentity): Recording[] {
        return [...this.recordings.values()].filter(({ vmIdentity }) => vmIdentity === vm);
    }

    /** Patterns in all recordings of a VM. */
    async patternsIn(vm: VmIdentity): Promise<Finding[]> {
        return (await Promise.all(this.ofVm(vm).map((recording) => recording.patterns()))).flat();
    }

    close(handle: RecordingHandle): void {
        this.get(handle).stop();
        this.recordings.delete(handle);
    }
}
