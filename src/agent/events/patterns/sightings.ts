/** When, how often and by whom something was seen. */
import { formatSize, toHex } from '../../../common/address';
import type { Finding, FindingAction, FindingSeen } from '../../../common/finding';
import type { WireRange } from '../../../common/range';
import { commandLine, mostRanges } from '../../findings/makeFinding';
import type { RecordedVm } from './recordedVm';

/** Threads that are named. */
const mostThreads = 16;

export class Sightings {
    times = 0;
    private from = Infinity;
    private to = 0;
    private readonly threads = new Set<number>();

    add(time: number, thread: number, times = 1): void {
        this.from = Math.min(this.from, time);
        this.to = Math.max(this.to, time);
        this.times += times;
        this.addThread(thread);
    }

    addThread(thread: number): void {
        if (thread !== 0 && this.threads.size < mostThreads) this.threads.add(thread);
    }

    /** Null when it was seen once. */
    get perSecond(): number | null {
        return this.to > this.from ? (this.times / (this.to - this.from)) * 1e6 : null;
    }

    seen(vm: RecordedVm): FindingSeen {
        const threads = [...this.threads].sort((a, b) => a - b);
        const vcpus = [...new Set(threads.map((thread) => vm.vcpuOf(thread)).filter((vcpu) => vcpu !== null))];
        return { from: this.from, to: this.to, times: this.times, perSecond: this.perSecond, threads, vcpus: vcpus.sort((a, b) => a - b) };
    }
}

/** "thread 412 (vCPU 0) and thread 413" */
export function threadsText(threads: Iterable<number>, vm: RecordedVm): string {
    const named = [...threads].map((thread) => {
        const vcpu = vm.vcpuOf(thread);
        return thread === 0 ? 'a thread that cannot be seen from here' : `thread ${thread}${vcpu === null ? '' : ` (vCPU ${vcpu})`}`;
    });
    return named.length < 2 ? named.join('') : `${named.slice(0, -1).join(', ')} and ${named[named.length - 1] ?? ''}`;
}

/** "812 times a second", "3 times" */
export function rateText({ times, perSecond }: Sightings): string {
    if (perSecond === null || times < 8) return times === 1 ? 'once' : `${times.toLocaleString('en')} times`;
    return `${perSecond >= 10 ? Math.round(perSecond).toLocaleString('en') : perSecond.toFixed(1)} times a second`;
}

export const sizeText = (pages: number): string => formatSize(BigInt(pages) * 4096n);
export const gpaText = (gfn: number): string => toHex(BigInt(gfn) * 4096n);

export interface PageRange {
    readonly first: number;
    readonly end: number;
}

export const toWire = ({ first, end }: PageRange): WireRange => ({ gpa: gpaText(first), size: gpaText(end - first) });

/** Overlapping and neighbouring ranges as one; the largest first. */
export function mergeRanges(ranges: Iterable<PageRange>): PageRange[] {
    const merged: { first: number; end: number }[] = [];
    for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
        const last = merged.at(-1);
        if (last !== undefined && range.first <= last.end) last.end = Math.max(last.end, range.end);
        else merged.push({ ...range });
    }
    return merged.sort((a, b) => b.end - b.first - (a.end - a.first) || a.first - b.first);
}

/** Of ranges as mergeRanges gives them. */
export function placeOf(ranges: readonly PageRange[]): Pick<Finding, 'ranges' | 'bytes'> {
    const pages = ranges.reduce((sum, { first, end }) => sum + end - first, 0);
    return { ranges: ranges.slice(0, mostRanges).map(toWire), bytes: pages * 4096 };
}

/** What shows, or changes, the first range. */
export function actionAt(vm: RecordedVm, text: string, does: FindingAction['does'], ranges: readonly WireRange[]): FindingAction {
    const { id } = vm.start;
    const [range] = ranges;
    return { text, does, command: range === undefined ? null : commandOf(id, does, range) };
}

function commandOf(id: string, does: FindingAction['does'], range: WireRange): string | null {
    switch (does) {
        case 'show-on-map':
            return commandLine('map', `${id} --range`, range);
        case 'explain':
            return `guestmem explain ${id} ${range.gpa}`;
        case 'convert-to-private':
            return commandLine('convert', id, range, 'private');
        case 'convert-to-shared':
            return commandLine('convert', id, range, 'shared');
        case 'punch':
            return commandLine('punch', id, range);
        default:
            return null;
    }
}
