/** The recording of one VM's events: begun when somebody watches, ended when nobody does, and not a moment longer. */
import type { EventColumns, EventLog, EventRecorder, EventRecording, NativeError } from '../../../native/index';
import { errors } from '../../common/errors';
import type { MissingEvents } from '../../common/memoryEvents';
import type { OpenVm } from '../discovery/vmDirectory';
import { native } from '../native';
import { fromNative, isNativeError } from '../nativeErrors';
import { kindsOf } from './describeEvent';
import { untoldByPvm } from './untoldByPvm';

/** Most events of one batch. */
const batch = 1 << 18;

export class VmRecording {
    readonly missing: readonly MissingEvents[];
    /** Whether its faults say if they are private: where the guest's own page tables tell. */
    readonly mayTellPrivate: boolean;

    private constructor(
        private readonly recording: EventRecording,
        type: string | null,
    ) {
        this.mayTellPrivate = type === 'snp' || type === 'tdx';
        this.missing = [...recording.missing.map(({ recorder, error }) => ({ kinds: kindsOf[recorder], reason: whyMissing(error) })), ...untoldByPvm()];
    }

    /** Throws when nothing at all can be recorded here. */
    static begin({ id, process, fd, identity, summary }: OpenVm): VmRecording {
        try {
            return new VmRecording(new (native().EventRecording)(process.pid, fd, identity), summary.type);
        } catch (thrown) {
            if (isNativeError(thrown) && (thrown.code === 'ESRCH' || thrown.code === 'ESTALE')) throw errors.vmGone(id);
            throw fromNative(thrown, `Recording the events of the VM ${id}`, process.pid);
        }
    }

    /** How many events found no room so far. */
    get lost(): number {
        return this.lostOf(Object.keys(kindsOf) as EventRecorder[]);
    }

    /** Those of these recorders. */
    lostOf(recorders: readonly EventRecorder[]): number {
        const { losses } = this.recording;
        return recorders.reduce((sum, recorder) => sum + (losses[recorder] ?? 0), 0);
    }

    /** False once the VMM has exited. */
    get alive(): boolean {
        return this.recording.alive;
    }

    /** What has happened since the last time, at most one batch. */
    take(): EventColumns {
        return this.recording.drain(batch);
    }

    /** As `take`, into a log. */
    takeInto(log: EventLog): void {
        this.recording.drainInto(log, batch);
    }

    /** In microseconds since 1970, by the clock of the events; until the end. */
    get now(): number {
        return this.recording.now;
    }

    /** All events up to this microsecond, with it, were taken; until the end. */
    get completeUntil(): number {
        return this.recording.completeUntil;
    }

    end(): void {
        this.recording.close();
    }
}

/** Why a group of events cannot be recorded: the programs that look at a tracepoint load only where the kernel has it. */
const whyMissing = ({ code, message }: NativeError): string =>
    code === 'ENOENT' ? 'the kernel, or its KVM, has no tracepoint for them' : message;
