/** What executes an ioctl of a VM inside its VMM, from which alone KVM takes it. */
import type { InjectOutcome } from '../../../native/index';
import type { SlotRow } from '../details/memslots';

export interface IoctlExecutor {
    readonly name: 'inject' | 'debugger';
    /** What a user should know before it is used. */
    readonly warnings: readonly string[];
    /** One piece, of at most 16 MiB. `attributes` is 0 or 8 (private). */
    setMemoryAttributes(gpa: bigint, size: bigint, attributes: number): Promise<InjectOutcome>;
    /** The rest of the memslot stays as it is. */
    setDirtyLogging(slot: SlotRow, on: boolean): Promise<InjectOutcome>;
}
