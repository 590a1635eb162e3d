/**
 * Pages of a guest_memfd that were given back while the guest still had them as private, or allocated while it had them as
 * shared: the order is convert, then punch; allocate what is private.
 */
import type { Finding } from '../../../common/finding';
import { eventKind } from './eventKind';
import type { EventNumbers } from './eventNumbers';
import type { PatternDetector } from './patternDetector';
import { RecentRanges } from './recentRanges';
import type { RecordedVm } from './recordedVm';
import { makeFinding } from '../../findings/makeFinding';
import { actionAt, gpaText, mergeRanges, placeOf, Sightings, sizeText, threadsText, type PageRange } from './sightings';

const mostRanges = 1024;

interface Wrong {
    readonly punched: boolean;
    readonly inode: number;
    readonly memslot: number;
    readonly ranges: Map<number, PageRange>;
    readonly sightings: Sightings;
}

export class WrongAttributes implements PatternDetector {
    readonly kinds = ['punch', 'allocate', 'conversion'] as const;
    private readonly wrongs = new Map<string, Wrong>();
    /** Those that may have been made while a call was under way. */
    private readonly conversions = new RecentRanges();

    constructor(private readonly vm: RecordedVm) {}

    get found(): number {
        return this.wrongs.size;
    }

    see(events: EventNumbers, i: number): void {
        if (!this.vm.start.hasVmScope) return;
        const kind = events.kind(i);
        if (kind !== eventKind.punch && kind !== eventKind.allocate) {
            this.conversions.add(this.vm.conversion.gfn, this.vm.conversion.end, events.time(i));
        } else if (events.succeeded(i) && this.vm.knowsAttributes) {
            this.called(events, i, kind === eventKind.punch);
        }
    }

    findings(): Finding[] {
        return [...this.wrongs.values()].map((wrong) => this.describe(wrong));
    }

    private called(events: EventNumbers, i: number, punched: boolean): void {
        const first = events.page(i);
        const end = events.endPage(i);
        const began = events.time(i) - (events.columns.durations[i] ?? 0) / 1000;
        for (const slot of this.vm.slots.boundTo(events.inode(i))) {
            const gfn = slot.gfn + Math.max(first, slot.gmemPage) - slot.gmemPage;
            const to = slot.gfn + Math.min(end, slot.gmemPage + slot.end - slot.gfn) - slot.gmemPage;
            if (gfn >= to || slot.gmemOnly || slot.addressSpace !== 0) continue;
            // What was converted during the call may have been so before or after it.
            if (this.conversions.touch(gfn, to, began)) continue;
            const wrong = punched ? [...this.vm.privatePages.runs(gfn, to)] : this.sharedRuns(gfn, to);
            if (wrong.length > 0) this.note(events, i, punched, slot.id, wrong);
        }
    }

    private sharedRuns(gfn: number, end: number): PageRange[] {
        const runs: PageRange[] = [];
        let at = gfn;
        for (const run of this.vm.privatePages.runs(gfn, end)) {
            if (run.first > at) runs.push({ first: at, end: run.first });
            at = run.end;
        }
        if (at < end) runs.push({ first: at, end });
        return runs;
    }

    private note(events: EventNumbers, i: number, punched: boolean, memslot: number, runs: readonly PageRange[]): void {
        const inode = events.inode(i);
        const key = `${punched} ${memslot}`;
        const wrong = this.wrongs.get(key) ?? { punched, inode, memslot, ranges: new Map<number, PageRange>(), sightings: new Sightings() };
        this.wrongs.set(key, wrong);
        wrong.sightings.add(events.time(i), events.thread(i));
        for (const run of runs) if (wrong.ranges.size < mostRanges) wrong.ranges.set(run.first, run);
    }

    private describe({ punched, inode, memslot, ranges, sightings }: Wrong): Finding {
        const merged = mergeRanges(ranges.values());
        const place = placeOf(merged);
        const seen = sightings.seen(this.vm);
        const size = sizeText((place.bytes ?? 0) / 4096);
        const by = `by ${threadsText(seen.threads, this.vm)}`;
        return makeFinding({
            kind: punched ? 'wrong-attribute-at-punch' : 'wrong-attribute-at-allocation',
            severity: punched ? 'warning' : 'information',
            title: punched ? `${size} punched in slot ${memslot} while private` : `${size} allocated in slot ${memslot} while shared`,
            explanation: punched
                ? `From ${gpaText(merged[0]?.first ?? 0)} on, pages of guest_memfd ${inode} were punched ${by} when the guest had them as private: what they held is gone, and the guest reads zeros or cannot go on. That is right only where the guest gave them up (a balloon).`
                : `From ${gpaText(merged[0]?.first ?? 0)} on, pages of guest_memfd ${inode} were allocated ${by} when the guest had them as shared: it does not use them before they are converted.`,
            action: punched
                ? actionAt(this.vm, 'Convert to shared first, then punch.', 'show-on-map', place.ranges)
                : actionAt(this.vm, 'Convert to private first, or give the pages back.', 'punch', place.ranges),
            ...place,
            memslot,
            guestMemfd: { inode, ranges: [] },
            source: 'recorded events: fallocate, and the attributes at that time',
            seen,
        });
    }
}
