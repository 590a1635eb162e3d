/**
 * What of a page map no stamp covers (keptMaps.ts): each read is remembered with its result, so that later it can be
 * done again to see whether anything is different.
 */
import { isDeepStrictEqual } from 'node:util';
import type { VmmProcess } from '../../../native/index';
import type { Pace } from '../pace';

interface Read {
    readonly call: (process: VmmProcess) => unknown;
    readonly result: unknown;
}

export class UnstampedReads {
    private readonly reads: Read[] = [];
    /** What failed cannot be compared. */
    private failed = false;

    constructor(private readonly process: VmmProcess) {}

    /** `call` must use the process that it is given: when it is done again, that is another handle. */
    read<T>(call: (process: VmmProcess) => T): T {
        try {
            const result = call(this.process);
            this.reads.push({ call, result });
            return result;
        } catch (thrown) {
            this.failed = true;
            throw thrown;
        }
    }

    /** Of the results. */
    get bytes(): number {
        let bytes = 0;
        for (const { result } of this.reads) {
            for (const column of Object.values(result ?? {})) if (ArrayBuffer.isView(column)) bytes += column.byteLength;
        }
        return bytes;
    }

    /** Reads everything again. */
    async areSame(process: VmmProcess, pace: Pace): Promise<boolean> {
        if (this.failed) return false;
        for (const { call, result } of this.reads) {
            if (!isDeepStrictEqual(call(process), result)) return false;
            await pace.breathe();
        }
        return true;
    }
}
