/** Watches a VM for a while, and gives what happens line by line as it comes, and the patterns in it as they are found. */
import type { EventColumns } from '../../../native/index';
import type { WatchEnd, WatchLine } from '../../common/memoryEvents';
import type { OpenVm } from '../discovery/vmDirectory';
import { Pace } from '../pace';
import { describeEvent, toTime } from './describeEvent';
import type { EventPatterns } from './patterns/eventPatterns';
import { withHolders } from './patterns/heldPages';
import { patternsOf } from './patterns/patternsOf';
import { readPrivatePages } from './patterns/privatePages';
import { VmRecording } from './vmRecording';

/** Milliseconds between looks: the rings hold what comes meanwhile, at a million events a second and more. */
const interval = 20;

const now = (): string => toTime(Date.now() * 1000);

/** Ends after `seconds`, when `signal` aborts, or when the VMM exits; whatever happens, the recording ends. */
export async function* watchVm(vm: OpenVm, seconds: number, signal: AbortSignal): AsyncGenerator<WatchLine> {
    const recording = VmRecording.begin(vm);
    const over = new AbortController();
    let patterns: EventPatterns | undefined;
    let learning: Promise<void> | undefined;
    try {
        patterns = patternsOf(vm, recording.missing);
        yield { kind: 'watching', time: now(), vm: vm.id, missing: recording.missing };
        learning = learnPages(vm, patterns, new Pace(over.signal));
        const end = performance.now() + seconds * 1000;
        let events = 0;
        let lost = 0;
        const told = function* (columns: EventColumns): Generator<WatchLine> {
            patterns?.take(columns);
            for (let i = 0; i < columns.count; i++) yield describeEvent(columns, i, recording.mayTellPrivate);
            events += columns.count;
            const newlyLost = recording.lost - lost;
            if (newlyLost > 0) yield { kind: 'lost', time: now(), events: newlyLost };
            lost += newlyLost;
        };
        let reason: WatchEnd['reason'] | undefined;
        while (reason === undefined) {
            // Asked before the events are taken, so that the last ones are among them.
            if (!recording.alive) reason = 'vm-ended';
            else if (signal.aborted) reason = 'interrupted';
            else if (performance.now() >= end) reason = 'time';
            yield* told(recording.take());
            for (const finding of await withHolders(vm, patterns.news())) yield { kind: 'pattern', time: now(), finding };
            if (reason === undefined) await new Promise((resolve) => setTimeout(resolve, interval));
        }
        // An event is given some instants after it happened.
        for (const last = recording.now; recording.completeUntil < last; ) yield* told(recording.take());
        patterns.learn(null);
        yield { kind: 'ended', time: now(), events, lost, reason, patterns: await withHolders(vm, patterns.findings()) };
    } finally {
        recording.end();
        over.abort();
        await learning;
        patterns?.end();
    }
}

/** Beside the watching; what cannot be read is not known, and most patterns are found all the same. */
async function learnPages(vm: OpenVm, patterns: EventPatterns, pace: Pace): Promise<void> {
    patterns.learn(await readPrivatePages(vm, pace).catch(() => null));
}
