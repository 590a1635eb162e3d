/** Memslots that KVM refused, and by which rule. */
import { toHex } from '../../../common/address';
import type { Finding } from '../../../common/finding';
import { byOthers, makeFinding } from '../../findings/makeFinding';
import { errnoName } from '../describeEvent';
import type { EventNumbers } from './eventNumbers';
import { brokenRule, type MemslotsAtRequest } from './memslotRules';
import type { PatternDetector } from './patternDetector';
import type { RecordedVm } from './recordedVm';
import { Sightings, threadsText } from './sightings';

const mostKinds = 256;

interface Rejection {
    readonly memslot: number;
    readonly addressSpace: number;
    readonly gpa: bigint;
    readonly size: bigint;
    readonly hva: bigint;
    readonly flags: bigint;
    readonly inode: number;
    readonly error: string;
    readonly rule: string | null;
    readonly sightings: Sightings;
}

export class RejectedMemslots implements PatternDetector {
    readonly kinds = ['memslot'] as const;
    private readonly rejections = new Map<string, Rejection>();
    private readonly met: MemslotsAtRequest;

    constructor(private readonly vm: RecordedVm) {
        const { slots, start } = vm;
        this.met = {
            addressSpaces: start.addressSpaces,
            hasPrivateMemory: start.hasPrivateMemory,
            of: (...what) => slots.of(...what),
            overlapping: (...what) => slots.overlapping(...what),
            boundTo: (inode) => slots.boundTo(inode),
            sizeOfGuestMemfd: start.sizeOfGuestMemfd,
        };
    }

    get found(): number {
        return this.rejections.size;
    }

    see(events: EventNumbers, i: number): void {
        if (events.succeeded(i)) return;
        const { columns } = events;
        const asked = {
            addressSpace: columns.addressSpaces[i] ?? 0,
            id: events.number(i) & 0xffff,
            flags: columns.values[i] ?? 0n,
            gpa: columns.starts[i] ?? 0n,
            size: columns.sizes[i] ?? 0n,
            hva: columns.details[i] ?? 0n,
            inode: events.inode(i),
            offset: columns.inodeOffsets[i] ?? 0n,
            error: errnoName(-(columns.results[i] ?? 0)),
        };
        const rule = brokenRule(asked, this.met);
        const key = `${asked.addressSpace} ${asked.id} ${asked.error} ${rule ?? ''}`;
        let rejection = this.rejections.get(key);
        if (rejection === undefined) {
            if (this.rejections.size >= mostKinds) return;
            rejection = { ...asked, memslot: asked.id, rule, sightings: new Sightings() };
            this.rejections.set(key, rejection);
        }
        rejection.sightings.add(events.time(i), events.thread(i));
    }

    findings(): Finding[] {
        return [...this.rejections.values()].map(({ memslot, addressSpace, gpa, size, hva, flags, inode, error, rule, sightings }): Finding => {
            const seen = sightings.seen(this.vm);
            const times = sightings.times === 1 ? '' : ` ${sightings.times.toLocaleString('en')} times`;
            return makeFinding({
                kind: 'rejected-memslot',
                severity: 'error',
                title: `KVM refused slot ${memslot} with ${error}${times}: ${rule ?? 'for a reason that is not known'}`,
                explanation: `Asked by ${threadsText(seen.threads, this.vm)}: ${toHex(gpa)}+${toHex(size)} at HVA ${toHex(hva)}, flags ${toHex(flags)}. ${rule === null ? 'None of the rules that Guestmem knows was broken.' : 'KVM changed nothing.'}`,
                action: byOthers("Mend the VMM's call."),
                ranges: size > 0n && gpa % 4096n === 0n && size % 4096n === 0n && gpa + size <= 1n << 64n ? [{ gpa: toHex(gpa), size: toHex(size) }] : [],
                addressSpace,
                memslot,
                guestMemfd: inode === 0 ? null : { inode, ranges: [] },
                source: 'recorded events: calls that set memslots, and the memslots at that time',
                seen,
            });
        });
    }
}
