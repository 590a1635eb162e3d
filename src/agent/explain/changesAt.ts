/** What changed a page last: by guestmem, from its record of changes, and by KVM and the VMM, as far as it is recorded. */
import { parseHex } from '../../common/address';
import type { ChangeRecord } from '../../common/change';
import { toGuestmemError } from '../../common/errors';
import { eventText } from '../../common/eventWords';
import type { PageChange } from '../../common/explain/explanation';
import type { MemoryEventKind } from '../../common/memoryEvents';
import { makeRange } from '../../common/range';
import { changesOf } from '../change/changeLog';
import type { OpenVm } from '../discovery/vmDirectory';
import { describeEvent } from '../events/describeEvent';
import { beginOfNewest, latest } from '../events/eventFilter';
import type { Recording } from '../events/recording';
import type { UnknownFields } from '../unknownFields';

/** Of each source. */
const most = 5;

/** Newest first. */
export async function changesAt(vm: OpenVm, address: bigint, recordings: readonly Recording[], unknown: UnknownFields): Promise<PageChange[]> {
    const newest = recordings.at(-1);
    const recorded = newest === undefined ? [] : await recordedChanges(address, newest, unknown);
    const changes = [...changesByGuestmem(vm, address, unknown), ...recorded];
    return changes.sort((a, b) => (a.time < b.time ? 1 : -1));
}

/** All kinds but those that come with every touch of the guest. */
const telling: readonly MemoryEventKind[] = [
    'memslot',
    'attributes-changed',
    'allocate',
    'punch',
    'guest-memfd-attributes',
    'pages-added',
    'pages-removed',
    'memory-fault',
    'conversion-asked',
];

/** Of a recording's events, so many of the newest are looked through: some ten milliseconds, however long it is. */
export const mostEvents = 2 ** 20;

export async function recordedChanges(
    address: bigint,
    recording: Pick<Recording, 'log' | 'list' | 'mayTellPrivate'>,
    unknown: UnknownFields,
): Promise<PageChange[]> {
    const page = makeRange(address & ~0xfffn, 0x1000n);
    const from = beginOfNewest(recording.log, mostEvents);
    const times = from === null ? null : { from, to: latest };
    const rows = await recording.list({ kinds: telling, range: page, failed: false, times }, -most, most);
    if (from !== null && rows.count < most) {
        const time = new Date(from / 1000).toISOString();
        unknown.add('changes', `of the recording only the newest ${mostEvents} events were looked through, back to ${time}; Guest Memory Events lists older ones`);
    }
    return Array.from({ length: rows.count }, (_, i) => describeEvent(rows, i, recording.mayTellPrivate)).map((event) => ({
        time: event.time,
        text: eventText(event).replace(/ {2,}/, ': ') + (event.thread === null ? '' : `, thread ${event.thread}`),
        source: 'recording',
    }));
}

function changesByGuestmem(vm: OpenVm, address: bigint, unknown: UnknownFields): PageChange[] {
    try {
        return changesOf(vm)
            .filter(({ range }) => covers(range, address))
            .slice(-most)
            .map((record) => ({ time: record.time, text: changeText(record, address), source: 'record of changes' }));
    } catch (thrown) {
        unknown.add('changes', toGuestmemError(thrown).message);
        return [];
    }
}

/** `range` is the first to the last of several, so a change may have left out this page between them. */
function covers(range: string, address: bigint): boolean {
    const [start, size] = range.split('+').map((part) => parseHex(part));
    return start !== undefined && size !== undefined && start <= address && address < start + size;
}

const verbs: Record<ChangeRecord['change'], string> = {
    convert: 'converted',
    restore: 'restored the attributes of',
    punch: 'gave back guest_memfd pages in',
    allocate: 'allocated guest_memfd pages in',
    'pre-fault': 'pre-faulted',
    write: 'wrote',
    'log-dirty-pages': 'changed dirty logging of',
};

function changeText({ change, range, pagesChanged, result, undo }: ChangeRecord, address: bigint): string {
    const before = undo?.kind === 'restore' ? undo.runs.find(({ gpa, size }) => covers(`${gpa}+${size}`, address))?.attribute : undefined;
    const was = before === undefined ? '' : `, this page was ${before} before`;
    const outcome = { begun: ', and never said what came of it', done: '', partial: ', in part', refused: '' }[result];
    return `guestmem ${verbs[change]} ${range} (${pagesChanged} pages changed${was})${outcome}`;
}
