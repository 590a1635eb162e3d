/** Memory that is converted to and fro: each time the guest's mappings go, and its next access faults. */
import type { Finding } from '../../../common/finding';
import { eventKind } from './eventKind';
import type { EventNumbers } from './eventNumbers';
import type { PatternDetector } from './patternDetector';
import { RecentPages } from './recentPages';
import { RecentRanges } from './recentRanges';
import type { RecordedVm } from './recordedVm';
import { makeFinding } from '../../findings/makeFinding';
import { actionAt, mergeRanges, placeOf, rateText, Sightings, sizeText, threadsText } from './sightings';

/** Conversions of one page, each the other way than the last and at most so much later (in microseconds), are the pattern. */
const leastTurns = 8;
const longestGap = 2e6;
/** Of a large range these many pages are looked at, evenly spread; each stands for those up to the next. */
const mostPages = 512;
const room = 32_768;
const mostFound = 4096;
/** A request of the guest that a conversion may answer is no older than this (in microseconds). */
const oldestRequest = 10e6;

interface Page {
    private: boolean;
    turns: number;
    since: number;
    last: number;
    /** Thread that made it private, and shared. */
    privateBy: number;
    sharedBy: number;
}

interface Swing {
    readonly memslot: number | null;
    /** By first gfn: how many pages it stands for. */
    readonly pages: Map<number, number>;
    readonly sightings: Sightings;
    readonly privateBy: Set<number>;
    readonly sharedBy: Set<number>;
    asked: number;
}

export class PingPongConversions implements PatternDetector {
    readonly kinds = ['conversion', 'conversion-asked'] as const;
    private readonly pages = new RecentPages<Page>(room);
    private readonly swings = new Map<number, Swing>();
    private readonly requests = new RecentRanges();

    constructor(private readonly vm: RecordedVm) {}

    get found(): number {
        return this.swings.size;
    }

    see(events: EventNumbers, i: number): void {
        if (events.kind(i) === eventKind['conversion-asked']) {
            this.requests.add(events.page(i), events.endPage(i), events.time(i));
        } else {
            this.converted(events.time(i), events.thread(i));
        }
    }

    findings(): Finding[] {
        return [...this.swings.values()].map((swing) => {
            const ranges = mergeRanges([...swing.pages].map(([first, pages]) => ({ first, end: first + pages })));
            const place = placeOf(ranges);
            const { sightings, asked } = swing;
            const where = swing.memslot === null ? 'outside of all memslots' : `in slot ${swing.memslot}`;
            const asks =
                asked === 0
                    ? 'No KVM_HC_MAP_GPA_RANGE of the guest came before: the VMM decides by itself, or is asked in another way.'
                    : `The guest asked for ${asked >= sightings.times ? 'them' : `${asked.toLocaleString('en')} of them`} (KVM_HC_MAP_GPA_RANGE).`;
            return makeFinding({
                kind: 'ping-pong-conversion',
                severity: 'warning',
                title: `${sizeText((place.bytes ?? 0) / 4096)} ${where} converted to and fro ${rateText(sightings)}`,
                explanation: `To private by ${threadsText(swing.privateBy, this.vm)}, to shared by ${threadsText(swing.sharedBy, this.vm)}. ${asks} Each conversion takes the guest's mappings away, so its next access faults.`,
                action: actionAt(this.vm, 'Let the guest keep this memory shared (a bounce buffer that stays), instead of converting it for each use.', 'show-on-map', place.ranges),
                ...place,
                memslot: swing.memslot,
                source: 'recorded events: changes of attributes',
                seen: sightings.seen(this.vm),
            });
        });
    }

    private converted(time: number, thread: number): void {
        const { gfn, end, toPrivate } = this.vm.conversion;
        const asked = this.requests.cover(gfn, end, time - oldestRequest);
        const stride = Math.ceil((end - gfn) / mostPages);
        let swing: Swing | undefined;
        let turns = 1;
        for (let at = gfn; at < end; at += stride) {
            const page = this.pages.get(at);
            if (page === undefined) {
                const privateBy = toPrivate ? thread : 0;
                this.pages.set(at, { private: toPrivate, turns: 0, since: time, last: time, privateBy, sharedBy: toPrivate ? 0 : thread });
                continue;
            }
            if (page.private === toPrivate) continue;
            if (time - page.last > longestGap) {
                page.turns = 0;
                page.since = time;
            }
            page.private = toPrivate;
            page.turns++;
            page.last = time;
            if (toPrivate) page.privateBy = thread;
            else page.sharedBy = thread;
            if (page.turns < leastTurns) continue;
            swing ??= this.swingAt(at);
            if (!swing.pages.has(at)) {
                if (swing.pages.size >= mostFound) continue;
                turns = Math.max(turns, page.turns);
                swing.sightings.add(page.since, page.privateBy, 0);
                swing.sightings.addThread(page.sharedBy);
                swing.privateBy.add(page.privateBy);
                swing.sharedBy.add(page.sharedBy);
            }
            swing.pages.set(at, Math.min(stride, end - at));
        }
        if (swing === undefined) return;
        swing.sightings.add(time, thread, turns);
        (toPrivate ? swing.privateBy : swing.sharedBy).add(thread);
        if (asked) swing.asked += turns;
    }

    /** One for each memslot. */
    private swingAt(gfn: number): Swing {
        const memslot = this.vm.slots.at(gfn)?.id ?? null;
        const known = this.swings.get(memslot ?? -1);
        if (known !== undefined) return known;
        const swing = { memslot, pages: new Map(), sightings: new Sightings(), privateBy: new Set<number>(), sharedBy: new Set<number>(), asked: 0 };
        this.swings.set(memslot ?? -1, swing);
        return swing;
    }
}
