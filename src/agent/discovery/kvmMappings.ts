/** Where processes have KVM files mapped: kvm_run of a vCPU, guest_memfds. A look costs less than the links in /proc/PID/fd do. */
import type { KvmMapping, NativeError } from '../../../native/index';
import { confidentiality, isLockedDown } from '../host/lockdown';
import { native } from '../native';
import { isNativeError } from '../nativeErrors';
import type { Pace } from '../pace';
import { enumerate } from '../unknownFields';

export interface KvmMappings {
    /** Null when no process could be looked at. */
    readonly mappings: readonly KvmMapping[] | null;
    /** Why these are not all, or null. */
    readonly reason: string | null;
}

/** Of all processes that this one can see. */
export async function findKvmMappings(pace: Pace): Promise<KvmMappings> {
    const mappings: KvmMapping[] = [];
    const busy: number[] = [];
    try {
        for (let from: { pid: number; hva: bigint } | null = { pid: 0, hva: 0n }; from !== null; ) {
            const chunk = native().kvmMappings(from.pid, from.hva);
            mappings.push(...chunk.mappings);
            busy.push(...chunk.busy);
            from = chunk.next;
            await pace.breathe();
        }
    } catch (thrown) {
        if (!isNativeError(thrown)) throw thrown;
        return { mappings: null, reason: reasonOf(thrown) };
    }
    return {
        mappings,
        reason: busy.length === 0 ? null : `process ${enumerate(busy)} was changing its mappings, which were not waited for; try again`,
    };
}

function reasonOf({ code, message, log }: NativeError): string {
    if (code === 'EOPNOTSUPP') return 'kernels before 6.7 do not tell what processes map without waiting for them';
    return isLockedDown(log) ? confidentiality.found : message;
}
