/**
 * Memory that is getting backed twice: a guest_memfd gets pages whose HVAs hold memory, too, or KVM maps shared pages
 * where the guest_memfd keeps its own. What the VMM itself writes to an HVA makes no event, so it is this much at least.
 */
import type { Finding } from '../../../common/finding';
import { eventKind } from './eventKind';
import type { EventNumbers } from './eventNumbers';
import { PageBits } from './pageBits';
import type { PatternDetector } from './patternDetector';
import type { RecordedVm } from './recordedVm';
import { makeFinding } from '../../findings/makeFinding';
import { actionAt, mergeRanges, placeOf, Sightings, sizeText, threadsText, type PageRange } from './sightings';

/** Less than this (1 MiB) is what a few buffers make. */
const leastGrowth = 256;

export class DoubleBackedGrowth implements PatternDetector {
    readonly kinds = ['mapped', 'pages-added', 'pages-removed', 'unmapped'] as const;
    /** HVA / 4096, as in RecordedVm: pages that came to be backed twice, and still are. */
    private readonly doubled = new PageBits();
    private pages = 0;
    private wasFound = false;
    private readonly sightings = new Sightings();

    constructor(private readonly vm: RecordedVm) {}

    get found(): number {
        return this.wasFound ? 1 : 0;
    }

    see(events: EventNumbers, i: number): void {
        const first = events.page(i);
        const end = events.endPage(i);
        switch (events.kind(i)) {
            case eventKind.mapped:
                this.mapped(events, i, first, end);
                return;
            case eventKind.unmapped:
                this.vm.hvaPages.clear(first, end);
                this.pages -= this.doubled.clear(first, end);
                return;
            default:
                for (const slot of this.vm.slots.boundTo(events.inode(i))) {
                    const from = Math.max(first, slot.gmemPage) - slot.gmemPage + slot.hvaPage;
                    const to = Math.min(end, slot.gmemPage + slot.end - slot.gfn) - slot.gmemPage + slot.hvaPage;
                    if (from >= to || slot.gmemOnly || slot.addressSpace !== 0) continue;
                    if (events.kind(i) === eventKind['pages-added']) {
                        this.vm.gmemPages.set(from, to);
                        this.note(events, i, from, to, this.vm.hvaPages);
                    } else {
                        this.vm.gmemPages.clear(from, to);
                        this.pages -= this.doubled.clear(from, to);
                    }
                }
        }
    }

    findings(): Finding[] {
        if (!this.wasFound) return [];
        const ranges = mergeRanges(this.ranges());
        const place = placeOf(ranges);
        const pages = Math.max(this.pages, 0);
        const seen = this.sightings.seen(this.vm);
        const slots = new Set(ranges.map(({ first }) => this.vm.slots.at(first)?.id ?? null));
        const [memslot = null] = slots;
        return [
            makeFinding({
                kind: 'growing-double-backed',
                severity: 'warning',
                title: `${sizeText(pages)} more backed twice since the recording began`,
                explanation: `At these addresses both the guest_memfd and the HVA have come to hold a page, of which the guest uses one: the VMM converts without giving back the other side. It is at least this much (what the VMM writes by itself makes no event); the pages came by ${threadsText(seen.threads, this.vm)}.`,
                action: actionAt(this.vm, 'After a conversion to private give the HVA back (MADV_DONTNEED, or punch the memfd), after one to shared punch the guest_memfd.', 'show-on-map', place.ranges),
                ...place,
                bytes: pages * 4096,
                memslot: slots.size === 1 ? memslot : null,
                source: 'page states at the start of a recording; recorded events: pages of guest_memfds, mappings for the guest',
                seen,
            }),
        ];
    }

    /** For a shared page KVM maps the HVA's memory. */
    private mapped(events: EventNumbers, i: number, first: number, end: number): void {
        const slot = this.vm.slots.at(first);
        if (slot?.hasGuestMemfd !== true || slot.gmemOnly || this.vm.privatePages.has(first)) return;
        const from = Math.max(first, slot.gfn) - slot.gfn + slot.hvaPage;
        const to = Math.min(end, slot.end) - slot.gfn + slot.hvaPage;
        this.vm.hvaPages.set(from, to);
        this.note(events, i, from, to, this.vm.gmemPages);
    }

    private note(events: EventNumbers, i: number, first: number, end: number, other: PageBits): void {
        let added = 0;
        for (let page = first; page < end; page++) if (other.has(page)) added += this.doubled.set(page, page + 1);
        if (added === 0) return;
        this.pages += added;
        this.sightings.add(events.time(i), events.thread(i));
        this.wasFound ||= this.pages >= leastGrowth;
    }

    /** In gfns. */
    private *ranges(): Generator<PageRange> {
        for (const slot of this.vm.slots.byHva) {
            if (!slot.hasGuestMemfd) continue;
            for (const run of this.doubled.runs(slot.hvaPage, slot.hvaPage + slot.end - slot.gfn)) {
                yield { first: slot.gfn + run.first - slot.hvaPage, end: slot.gfn + run.end - slot.hvaPage };
            }
        }
    }
}
