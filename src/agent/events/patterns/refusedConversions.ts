/** Conversions that KVM refused: with EAGAIN where something holds a page, else for what was asked. */
import type { Finding } from '../../../common/finding';
import { errnoName } from '../describeEvent';
import { eventKind } from './eventKind';
import type { EventNumbers } from './eventNumbers';
import type { PatternDetector } from './patternDetector';
import type { RecordedVm } from './recordedVm';
import { byOthers, makeFinding } from '../../findings/makeFinding';
import { actionAt, gpaText, mergeRanges, placeOf, Sightings, threadsText, type PageRange } from './sightings';

const mostRanges = 256;
const mostKinds = 64;
const privateAttribute = 8;

interface Refusal {
    readonly error: string;
    /** Of the guest_memfd whose attributes they are; 0 = the VM's own. */
    readonly inode: number;
    readonly memslot: number | null;
    readonly ranges: Map<number, PageRange>;
    readonly sightings: Sightings;
    toPrivate: boolean;
    /** The page of the guest_memfd that was held the last time. */
    heldPage: number | null;
}

export class RefusedConversions implements PatternDetector {
    readonly kinds = ['attributes', 'guest-memfd-attributes'] as const;
    private readonly refusals = new Map<string, Refusal>();

    constructor(private readonly vm: RecordedVm) {}

    get found(): number {
        return this.refusals.size;
    }

    see(events: EventNumbers, i: number): void {
        if (events.succeeded(i)) return;
        const error = errnoName(-(events.columns.results[i] ?? 0));
        const inode = events.kind(i) === eventKind.attributes ? 0 : events.inode(i);
        const range = this.inGuest(events, i, inode);
        const memslot = this.vm.slots.at(range.first)?.id ?? null;
        const key = `${error} ${inode} ${memslot}`;
        let refusal = this.refusals.get(key);
        if (refusal === undefined) {
            if (this.refusals.size >= mostKinds) return;
            refusal = { error, inode, memslot, ranges: new Map(), sightings: new Sightings(), toPrivate: false, heldPage: null };
            this.refusals.set(key, refusal);
        }
        refusal.sightings.add(events.time(i), events.thread(i));
        refusal.toPrivate = (events.value(i) & privateAttribute) !== 0;
        if (refusal.ranges.size < mostRanges) refusal.ranges.set(range.first, range);
        if (inode !== 0 && error === 'EAGAIN') refusal.heldPage = Number((events.columns.details[i] ?? 0n) >> 12n);
    }

    findings(): Finding[] {
        return [...this.refusals.values()].map((refusal) => this.describe(refusal));
    }

    private inGuest(events: EventNumbers, i: number, inode: number): PageRange {
        const first = events.page(i);
        const end = Math.max(first + 1, events.endPage(i));
        const slot = inode === 0 ? undefined : this.vm.slots.boundTo(inode).find((bound) => bound.gmemPage < end && bound.gmemPage + bound.end - bound.gfn > first);
        return slot === undefined ? { first, end } : { first: slot.gfn + first - slot.gmemPage, end: slot.gfn + end - slot.gmemPage };
    }

    private describe({ error, inode, memslot, ranges, sightings, toPrivate, heldPage }: Refusal): Finding {
        const held = error === 'EAGAIN';
        const merged = mergeRanges(ranges.values());
        const seen = sightings.seen(this.vm);
        const times = sightings.times === 1 ? 'once' : `${sightings.times.toLocaleString('en')} times`;
        const page = heldPage === null ? '' : ` The page that was held is at offset ${gpaText(heldPage)} of guest_memfd ${inode}.`;
        const place = placeOf(merged);
        return makeFinding({
            kind: held ? 'conversion-held' : 'conversion-refused',
            severity: held ? 'warning' : 'error',
            title: `Conversion of ${gpaText(merged[0]?.first ?? 0)} to ${toPrivate ? 'private' : 'shared'} refused with ${error} ${times}`,
            explanation: `Asked by ${threadsText(seen.threads, this.vm)}. ${held ? `Something had references to a page: a mapping of the host, pinned DMA, or I/O under way.${page}` : reasonOf(error)}`,
            action: held
                ? actionAt(this.vm, 'Let go of the page (unmap it, end the I/O, unpin it), then convert again.', 'explain', place.ranges)
                : byOthers("Mend the VMM's call."),
            ...place,
            memslot,
            guestMemfd: inode === 0 ? null : { inode, ranges: heldPage === null ? [] : [{ offset: gpaText(heldPage), size: '0x1000' }] },
            source: 'recorded events: calls that set attributes',
            seen,
        });
    }
}

function reasonOf(error: string): string {
    switch (error) {
        case 'EINVAL':
            return 'KVM takes whole pages, no flags, and only attributes that the VM has: a VM without private memory has none.';
        case 'ENOTTY':
            return 'This kernel or this VM does not know the call.';
        case 'ENOMEM':
            return 'The kernel had no memory to note an attribute for each page.';
        default:
            return 'KVM changed nothing, or only a part.';
    }
}
