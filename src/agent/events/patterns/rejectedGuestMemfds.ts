/** guest_memfds that KVM did not make, and why. */
import { toHex } from '../../../common/address';
import type { Finding } from '../../../common/finding';
import { gmemFlags } from '../../guestMemfd/guestMemfds';
import { byOthers, makeFinding } from '../../findings/makeFinding';
import { errnoName } from '../describeEvent';
import type { EventNumbers } from './eventNumbers';
import type { PatternDetector } from './patternDetector';
import type { RecordedVm } from './recordedVm';
import { Sightings, threadsText } from './sightings';

const mostKinds = 64;

interface Rejection {
    readonly size: bigint;
    readonly flags: bigint;
    readonly error: string;
    readonly sightings: Sightings;
}

export class RejectedGuestMemfds implements PatternDetector {
    readonly kinds = ['guest-memfd'] as const;
    private readonly rejections = new Map<string, Rejection>();

    constructor(private readonly vm: RecordedVm) {}

    get found(): number {
        return this.rejections.size;
    }

    see(events: EventNumbers, i: number): void {
        if (events.succeeded(i)) return;
        const size = events.columns.sizes[i] ?? 0n;
        const flags = events.columns.values[i] ?? 0n;
        const error = errnoName(-(events.columns.results[i] ?? 0));
        const key = `${size} ${flags} ${error}`;
        let rejection = this.rejections.get(key);
        if (rejection === undefined) {
            if (this.rejections.size >= mostKinds) return;
            rejection = { size, flags, error, sightings: new Sightings() };
            this.rejections.set(key, rejection);
        }
        rejection.sightings.add(events.time(i), events.thread(i));
    }

    findings(): Finding[] {
        return [...this.rejections.values()].map(({ size, flags, error, sightings }): Finding => {
            const seen = sightings.seen(this.vm);
            const names = gmemFlags(flags);
            const asked = `${toHex(size)} bytes with ${names.length === 0 ? 'no flags' : `the flags ${names.join(', ')}`}`;
            const rule = this.ruleOf(error, size, names);
            return makeFinding({
                kind: 'rejected-guest-memfd',
                severity: 'error',
                title: `KVM made no guest_memfd: ${error}, ${rule}`,
                explanation: `Asked by ${threadsText(seen.threads, this.vm)}${sightings.times === 1 ? '' : ` ${sightings.times.toLocaleString('en')} times`}: ${asked}.`,
                action: byOthers("Ask the VM's own descriptor (not /dev/kvm) for KVM_CAP_GUEST_MEMFD and KVM_CAP_GUEST_MEMFD_FLAGS first."),
                source: 'recorded events: calls that make guest_memfds',
                seen,
            });
        });
    }

    private ruleOf(error: string, size: bigint, flags: readonly string[]): string {
        if (error === 'EINVAL' && (size === 0n || size >= 1n << 63n)) return 'its size has to be above 0 and below 2^63';
        if (error === 'EINVAL' && size % 4096n !== 0n) return `the size ${toHex(size)} is not whole pages`;
        if (error === 'EINVAL' && flags.length > 0) return `this kernel does not know the flags ${flags.join(', ')} for a VM of this type`;
        if (error === 'EINVAL') return 'its size and flags are those that kernels take, so a field of the call that has to be 0 is not';
        if (error === 'ENOTTY') return 'this kernel has no guest_memfd';
        if (error === 'EMFILE' || error === 'ENFILE') return 'no more files may be open';
        if (error === 'ENOMEM') return 'the kernel had no memory for it';
        return 'for a reason that is not known';
    }
}
