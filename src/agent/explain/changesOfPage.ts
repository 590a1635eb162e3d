/** What guestmem itself changed at a page, from its record of changes. */
import { parseHex } from '../../common/address';
import type { ChangeRecord } from '../../common/change';
import { toGuestmemError } from '../../common/errors';
import type { PageChange } from '../../common/explain/explanation';
import { changesOf } from '../change/changeLog';
import type { OpenVm } from '../discovery/vmDirectory';
import type { UnknownFields } from '../unknownFields';

const most = 5;

/** Newest first. */
export function readChangesOfPage(vm: OpenVm, address: bigint, unknown: UnknownFields): PageChange[] {
    try {
        return changesOf(vm)
            .filter(({ range }) => covers(range, address))
            .slice(-most)
            .reverse()
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
