/** Looks for patterns in the events of one VM as they come; every detector sees each event of its kinds once, in order. */
import type { EventColumns } from '../../../../native/index';
import type { Finding, FindingSeverity } from '../../../common/finding';
import type { PageRuns } from '../../../common/pageRuns';
import { ConversionsWithoutGuestMemfd } from './conversionsWithoutGuestMemfd';
import { DoubleBackedGrowth } from './doubleBackedGrowth';
import { eventKind } from './eventKind';
import { EventNumbers } from './eventNumbers';
import { FaultLoops } from './faultLoops';
import type { PatternDetector } from './patternDetector';
import { PingPongConversions } from './pingPongConversions';
import { RecordedVm, type VmAtStart } from './recordedVm';
import { RefusedConversions } from './refusedConversions';
import { RejectedGuestMemfds } from './rejectedGuestMemfds';
import { RejectedMemslots } from './rejectedMemslots';
import { WrongAttributes } from './wrongAttributes';

/** Some 80 MB. */
const mostWaiting = 1 << 20;

const severities: readonly FindingSeverity[] = ['error', 'warning', 'information'];

export class EventPatterns {
    private readonly vm: RecordedVm;
    private readonly detectors: readonly PatternDetector[];
    /** By the addon's number of the event. */
    private readonly byKind: PatternDetector[][] = [];
    private readonly ofConversions: readonly PatternDetector[];
    /** Of each detector, how many findings were told. */
    private readonly told: number[] = [];
    /** Until the pages are known: what comes meanwhile is looked at afterwards, in its order. */
    private waiting: EventColumns[] | undefined = [];
    private waitingEvents = 0;

    /** `release` gives back what `start` needs. */
    constructor(
        start: VmAtStart,
        private readonly release: () => void = () => undefined,
    ) {
        const vm = (this.vm = new RecordedVm(start));
        this.detectors = [
            new RejectedMemslots(vm),
            new RejectedGuestMemfds(vm),
            new RefusedConversions(vm),
            new ConversionsWithoutGuestMemfd(vm),
            new FaultLoops(vm),
            new PingPongConversions(vm),
            new WrongAttributes(vm),
            new DoubleBackedGrowth(vm),
        ];
        for (const detector of this.detectors) {
            for (const kind of detector.kinds) if (kind !== 'conversion') (this.byKind[eventKind[kind]] ??= []).push(detector);
        }
        this.ofConversions = this.detectors.filter(({ kinds }) => kinds.includes('conversion'));
    }

    /**
     * The pages of address space 0, as they were found some time after the recording began; null when they cannot be read.
     * Before that, nothing is found, unless the events become too many to keep them.
     */
    learn(runs: PageRuns | null): void {
        const { waiting } = this;
        if (waiting === undefined) return;
        this.waiting = undefined;
        if (runs !== null) this.vm.learn(runs);
        // The pages were found as what waits has made them.
        for (const columns of waiting.toReversed()) this.vm.takeBack(new EventNumbers(columns));
        for (const columns of waiting) this.look(columns);
    }

    take(columns: EventColumns): void {
        if (this.waiting === undefined) {
            this.look(columns);
            return;
        }
        this.waiting.push(columns);
        this.waitingEvents += columns.count;
        if (this.waitingEvents > mostWaiting) this.learn(null);
    }

    /** What was found since this was asked the last time, as it is by now. */
    news(): Finding[] {
        return this.detectors.flatMap((detector, index) => {
            const told = this.told[index] ?? 0;
            this.told[index] = detector.found;
            return detector.found > told ? detector.findings().slice(told) : [];
        });
    }

    /** All that was found, the most severe first. */
    findings(): Finding[] {
        const all = this.detectors.flatMap((detector) => detector.findings());
        return all.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
    }

    end(): void {
        this.learn(null);
        this.release();
    }

    private look(columns: EventColumns): void {
        const events = new EventNumbers(columns);
        for (let i = 0; i < events.count; i++) {
            const kind = events.kind(i);
            const detectors = this.byKind[kind];
            if (detectors !== undefined) for (const detector of detectors) detector.see(events, i);
            if (mayConvert(kind) && this.vm.readConversion(events, i)) for (const detector of this.ofConversions) detector.see(events, i);
            this.vm.apply(events, i);
        }
    }
}

const mayConvert = (kind: number): boolean =>
    kind === eventKind['attributes-changed'] || kind === eventKind.attributes || kind === eventKind['guest-memfd-attributes'];
