/** Private memory where none can be: asked for by the guest, made by the VMM, or accessed. Nothing can back it. */
import type { Finding } from '../../../common/finding';
import { eventKind } from './eventKind';
import type { EventNumbers } from './eventNumbers';
import type { PatternDetector } from './patternDetector';
import type { RecordedVm } from './recordedVm';
import { makeFinding } from '../../findings/makeFinding';
import { actionAt, gpaText, mergeRanges, placeOf, Sightings, threadsText, type PageRange } from './sightings';

const mostRanges = 256;
/** Of an exit's flags, and of what the guest asks for. */
const privateExit = 8;
const askedPrivate = 16;

interface Place {
    readonly memslot: number | null;
    readonly readonly: boolean;
    readonly ranges: Map<number, PageRange>;
    readonly sightings: Sightings;
    asked: number;
    made: number;
    accessed: number;
}

export class ConversionsWithoutGuestMemfd implements PatternDetector {
    readonly kinds = ['conversion', 'conversion-asked', 'memory-fault'] as const;
    /** By memslot; -1 = outside of all. */
    private readonly places = new Map<number, Place>();

    constructor(private readonly vm: RecordedVm) {}

    get found(): number {
        return this.places.size;
    }

    see(events: EventNumbers, i: number): void {
        switch (events.kind(i)) {
            case eventKind['conversion-asked']:
                if ((events.value(i) & askedPrivate) !== 0) this.look(events, i, 'asked', events.page(i), events.endPage(i));
                return;
            case eventKind['memory-fault']:
                if ((events.value(i) & privateExit) !== 0) this.look(events, i, 'accessed', events.page(i), Math.max(events.endPage(i), events.page(i) + 1));
                return;
            default:
                if (this.vm.conversion.toPrivate) this.look(events, i, 'made', this.vm.conversion.gfn, this.vm.conversion.end);
        }
    }

    findings(): Finding[] {
        return [...this.places.values()].map((place) => this.describe(place));
    }

    /** A range that reaches over holes between memslots is told by the memory in it; one that is a hole throughout, as a hole. */
    private look(events: EventNumbers, i: number, what: 'asked' | 'made' | 'accessed', gfn: number, end: number): void {
        const first = this.vm.slots.at(gfn);
        if (first?.hasGuestMemfd === true && end <= first.end) return;
        const slots = this.vm.slots.overlapping(0, gfn, end);
        if (slots.length === 0) this.note(events, i, what, null, false, gfn, end);
        for (const slot of slots) {
            if (!slot.hasGuestMemfd) this.note(events, i, what, slot.id, slot.readonly, Math.max(gfn, slot.gfn), Math.min(end, slot.end));
        }
    }

    private note(events: EventNumbers, i: number, what: 'asked' | 'made' | 'accessed', memslot: number | null, readonly: boolean, first: number, end: number): void {
        const key = memslot ?? -1;
        let place = this.places.get(key);
        if (place === undefined) {
            place = { memslot, readonly, ranges: new Map(), sightings: new Sightings(), asked: 0, made: 0, accessed: 0 };
            this.places.set(key, place);
        }
        place[what]++;
        place.sightings.add(events.time(i), events.thread(i));
        const known = place.ranges.get(first);
        if (known === undefined ? place.ranges.size < mostRanges : known.end < end) place.ranges.set(first, { first, end });
    }

    private describe({ memslot, readonly, ranges, sightings, asked, made, accessed }: Place): Finding {
        const merged = mergeRanges(ranges.values());
        const seen = sightings.seen(this.vm);
        const what = memslot === null ? 'no memslot is there: the guest reaches the VMM\'s devices (MMIO), or nothing' : `slot ${memslot} is ${readonly ? 'read-only memory (ROM)' : 'memory'} without guest_memfd`;
        const times = (count: number, text: string) => (count === 0 ? [] : [`${text} ${count === 1 ? 'once' : `${count.toLocaleString('en')} times`}`]);
        const ways = [...times(asked, 'asked for by the guest'), ...times(made, 'made by the VMM'), ...times(accessed, 'accessed by the guest, which ended KVM_RUN,')];
        const place = placeOf(merged);
        return makeFinding({
            kind: 'conversion-without-guest-memfd',
            severity: 'error',
            title: `Private memory at ${gpaText(merged[0]?.first ?? 0)} without guest_memfd`,
            explanation: `At these addresses ${what}, so nothing can back private pages. They were ${ways.join(', ')}, by ${threadsText(seen.threads, this.vm)}. The guest's next private access ends KVM_RUN with MEMORY_FAULT.`,
            action:
                memslot === null
                    ? actionAt(this.vm, 'Let the guest use these addresses as shared: devices are never private.', 'explain', place.ranges)
                    : actionAt(this.vm, `Give slot ${memslot} a guest_memfd, or convert the range back to shared.`, made > 0 ? 'convert-to-shared' : 'explain', place.ranges),
            ...place,
            memslot,
            source: 'recorded events: conversions, and the memslots at that time',
            seen,
        });
    }
}
