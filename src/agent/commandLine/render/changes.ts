/** Changes for people: what would be done, what was done, and the record. */
import type { AnyChangeReport, ChangeKind, ChangeList } from '../../../common/change';
import { renderTable } from './table';
import { escapeText } from './text';

/** What happens to so many pages: would be done, was done, and why nothing has to be done. */
const words: Record<ChangeKind, readonly [would: string, did: string, already: string]> = {
    convert: ['Would convert', 'Converted', 'are so already'],
    restore: ['Would restore', 'Restored', 'are as they were before'],
    punch: ['Would give back', 'Gave back', 'are not allocated'],
    allocate: ['Would allocate', 'Allocated', 'are allocated already'],
    'pre-fault': ['Would map', 'Mapped', 'are mapped already'],
    write: ['Would write to', 'Wrote to', 'hold these bytes already'],
    'log-dirty-pages': ['Would change the dirty logging of', 'Changed the dirty logging of', 'are logged so already'],
};

export function renderChange(report: AnyChangeReport): string {
    const { pagesChanged, pagesAlready, range, dryRun, executor } = report;
    const [would, did, already] = words[report.change];
    if (pagesChanged === 0) return `Nothing to change: all ${pagesAlready} pages of ${range} ${already}.\n`;
    const to = 'to' in report && report.to !== null ? ` to ${report.to}` : '';
    const rest = pagesAlready === 0 ? '' : `; ${pagesAlready} ${already}`;
    return [
        `${dryRun ? would : did} ${pagesChanged === 1 ? 'one page' : `${pagesChanged} pages`} of ${range}${to}${rest}.`,
        executor === 'direct' ? 'The VMM is not stopped for it.' : dryRun ? 'A thread of the VMM would be held for a moment to execute the ioctl (executor: inject).' : `A thread of the VMM was held for ${report.stoppedMicroseconds} µs.`,
        ...report.warnings.map((warning) => `warning: ${escapeText(warning)}`),
        report.undo === null ? 'There is no undo.' : dryRun ? "'guestmem undo' can take it back." : "'guestmem undo' takes it back.",
    ].join('\n') + '\n';
}

export function renderChanges({ changes, path }: ChangeList): string {
    if (changes.length === 0) return `No change is on record in ${escapeText(path)}.\n`;
    const columns = [
        { title: 'TIME' },
        { title: 'VM' },
        { title: 'COMMAND' },
        { title: 'CHANGE' },
        { title: 'RANGE' },
        { title: 'PAGES', right: true },
        { title: 'HELD µs', right: true },
        { title: 'RESULT' },
    ];
    const rows = changes.map(({ time, vm, command, change, range, pagesChanged, stoppedMicroseconds, result, message }) => [
        time,
        vm,
        command,
        change,
        range,
        String(pagesChanged),
        String(stoppedMicroseconds),
        message === null ? result : `${result}: ${message}`,
    ]);
    return renderTable(columns, rows);
}
