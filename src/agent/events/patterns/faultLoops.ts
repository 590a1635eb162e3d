/**
 * Accesses of the guest that come to nothing: the same page faults, or ends KVM_RUN with MEMORY_FAULT, again and again,
 * and in between it is neither mapped nor converted. KVM_RUN may end so once for a page that has yet to be converted.
 */
import type { Finding } from '../../../common/finding';
import { eventKind } from './eventKind';
import type { EventNumbers } from './eventNumbers';
import type { PatternDetector } from './patternDetector';
import { RecentPages } from './recentPages';
import type { RecordedVm } from './recordedVm';
import { makeFinding } from '../../findings/makeFinding';
import { actionAt, gpaText, placeOf, rateText, Sightings, threadsText } from './sightings';

/** Exits for one page, at most so much apart (in microseconds). */
const leastExits = 8;
const longestGap = 2e6;
/**
 * Faults without an exit also repeat while a large conversion is under way, and stop when it ends; so they have to be
 * many and to go on for long (in microseconds).
 */
const leastFaults = 256;
const leastTime = 1e6;
const room = 4096;
const mostFound = 1024;
/** Bits of a fault's error code and of an exit's flags. */
const writeAccess = 2;
const privateExit = 8;

interface Stuck {
    readonly sightings: Sightings;
    faults: number;
    exits: number;
    last: number;
    since: number;
    /** Of the last exit; null without one. */
    toPrivate: boolean | null;
}

export class FaultLoops implements PatternDetector {
    readonly kinds = ['fault', 'memory-fault', 'mapped', 'conversion', 'memslot'] as const;
    private readonly pages = new RecentPages<Stuck>(room);
    private readonly loops = new Map<number, Stuck>();

    constructor(private readonly vm: RecordedVm) {}

    get found(): number {
        return this.loops.size;
    }

    see(events: EventNumbers, i: number): void {
        switch (events.kind(i)) {
            case eventKind.fault:
                if (this.mayStick(events, i)) this.stuck(events, i, false);
                return;
            case eventKind['memory-fault']:
                this.stuck(events, i, true);
                return;
            case eventKind.mapped:
                this.pages.forget(events.page(i), events.endPage(i));
                return;
            case eventKind.memslot:
                this.pages.clear();
                return;
            default:
                this.pages.forget(this.vm.conversion.gfn, this.vm.conversion.end);
        }
    }

    findings(): Finding[] {
        return [...this.loops].map(([gfn, stuck]) => this.describe(gfn, stuck));
    }

    /** Where there is no memory every access faults, writes to ROM do, and those that only mark a page as dirty map nothing. */
    private mayStick(events: EventNumbers, i: number): boolean {
        const slot = this.vm.slots.at(events.page(i));
        return slot !== undefined && !((slot.readonly || slot.logsDirtyPages) && (events.value(i) & writeAccess) !== 0);
    }

    private stuck(events: EventNumbers, i: number, exits: boolean): void {
        const gfn = events.page(i);
        const time = events.time(i);
        let page = this.pages.get(gfn);
        if (page === undefined || time - page.last > longestGap) {
            page = { sightings: new Sightings(), faults: 0, exits: 0, since: time, last: time, toPrivate: null };
            this.pages.set(gfn, page);
        }
        page.last = time;
        if (exits) {
            page.exits++;
            page.toPrivate = (events.value(i) & privateExit) !== 0;
        } else {
            page.faults++;
        }
        // An exit follows its fault, which is the same access.
        page.sightings.add(time, events.thread(i), exits && page.faults > 0 ? 0 : 1);
        if (page.exits < leastExits && (page.faults < leastFaults || time - page.since < leastTime)) return;
        if (this.loops.size < mostFound && !this.loops.has(gfn)) this.loops.set(gfn, page);
    }

    private describe(gfn: number, { sightings, exits, toPrivate }: Stuck): Finding {
        const slot = this.vm.slots.at(gfn);
        const seen = sightings.seen(this.vm);
        const access = toPrivate === null ? '' : toPrivate ? 'private ' : 'shared ';
        const reason =
            toPrivate === null
                ? 'KVM neither maps the page nor ends KVM_RUN with MEMORY_FAULT: it cannot get the page behind it, or the VMM runs the vCPU again after an error.'
                : toPrivate && slot?.hasGuestMemfd !== true
                  ? `KVM_RUN ended with MEMORY_FAULT ${exits.toLocaleString('en')} times for private accesses, and ${slot === undefined ? 'no memslot is there' : `slot ${slot.id} has no guest_memfd`}: no conversion can help.`
                  : `KVM_RUN ended with MEMORY_FAULT ${exits.toLocaleString('en')} times for ${access}accesses, and the VMM ran the vCPU again without converting the page to ${toPrivate ? 'private' : 'shared'}.`;
        const place = placeOf([{ first: gfn, end: gfn + 1 }]);
        return makeFinding({
            kind: 'fault-loop',
            severity: 'error',
            title: `The guest faults on ${gpaText(gfn)} ${rateText(sightings)}, without progress`,
            explanation: `By ${threadsText(seen.threads, this.vm)}: the page was neither mapped nor converted in between. ${reason}`,
            action:
                toPrivate === null
                    ? actionAt(this.vm, 'See what is behind this address.', 'explain', place.ranges)
                    : actionAt(this.vm, `Convert the page to ${toPrivate ? 'private' : 'shared'}, or mend the VMM's handling of MEMORY_FAULT.`, toPrivate ? 'convert-to-private' : 'convert-to-shared', place.ranges),
            ...place,
            memslot: slot?.id ?? null,
            source: 'recorded events: faults, mappings and MEMORY_FAULT exits',
            seen,
        });
    }
}
