/** Changes for people: what would be done, what was done, and the record. */
import type { AnyChangeReport, ChangeList, UndoReport } from '../../../common/change';
import { formatMicroseconds } from '../../../common/duration';
import { renderTable } from './table';
import { escapeText } from './text';

interface Words {
    /** Before the number of pages: would be done, and was done. */
    readonly would: string;
    readonly did: string;
    /** Why nothing has to be done to one page, and to several. */
    readonly already: readonly [string, string];
}

function wordsFor(report: AnyChangeReport): Words {
    const { change, range, undo } = report;
    switch (change) {
        case 'convert':
            return { would: 'Would convert', did: 'Converted', already: ['is so already', 'are so already'] };
        case 'restore':
            return { would: 'Would restore', did: 'Restored', already: ['is as it was before', 'are as they were before'] };
        case 'punch':
            return { would: 'Would give back', did: 'Gave back', already: ['is not allocated', 'are not allocated'] };
        case 'allocate':
            return { would: 'Would allocate', did: 'Allocated', already: ['is allocated already', 'are allocated already'] };
        case 'pre-fault':
            return { would: 'Would map', did: 'Mapped', already: ['is mapped already', 'are mapped already'] };
        case 'write': {
            const size = BigInt(range.slice(range.indexOf('+') + 1));
            const bytes = size === 1n ? 'one byte' : `${size} bytes`;
            return { would: `Would write ${bytes} and change`, did: `Wrote ${bytes} and changed`, already: ['holds these bytes already', 'hold these bytes already'] };
        }
        case 'log-dirty-pages': {
            const to = undo?.kind === 'log-dirty-pages' && undo.on ? 'off' : 'on';
            return { would: `Would turn dirty logging ${to} for`, did: `Turned dirty logging ${to} for`, already: ['is so already', 'are so already'] };
        }
    }
}

const pagesText = (count: number): string => (count === 1 ? 'one page' : `${count} pages`);

/** KVM may be asked to map pages and map none: that is not the same as pages that are mapped already. */
const wasNothingToDo = ({ change, range, pagesChanged, pagesAlready }: AnyChangeReport): boolean =>
    pagesChanged === 0 && (change !== 'pre-fault' || BigInt(range.slice(range.indexOf('+') + 1)) >> 12n === BigInt(pagesAlready));

export function renderChange(report: AnyChangeReport | UndoReport): string {
    const { pagesChanged, pagesAlready, range, dryRun, executor } = report;
    const { would, did, already } = wordsFor(report);
    const undoneText = 'undone' in report ? `Takes back '${report.undone.change}' on ${report.undone.range} of ${report.undoes}.\n` : '';
    const alreadyText = already[pagesAlready === 1 ? 0 : 1];
    if (wasNothingToDo(report)) return `${undoneText}Nothing to change: ${pagesAlready === 1 ? 'the page' : `all ${pagesAlready} pages`} of ${range} ${alreadyText}.\n`;
    const to = 'to' in report && report.to !== null ? ` to ${report.to}` : '';
    const rest = pagesAlready === 0 ? '' : `; ${pagesAlready} ${alreadyText}`;
    return undoneText + [
        `${dryRun ? would : did} ${pagesChanged === 0 ? 'none of the pages' : pagesText(pagesChanged)} of ${range}${to}${rest}.`,
        executor === 'direct' ? 'The VMM is not stopped for it.' : dryRun ? 'A thread of the VMM would be held for a moment to execute the ioctl (executor: inject).' : `A thread of the VMM was held for ${report.stoppedMicroseconds} µs.`,
        ...kernelTimeText(report),
        ...(report.seccompSuspensions === undefined ? [] : [`Seccomp filters of the VMM were suspended for ${report.seccompSuspensions === 1 ? 'one call' : `${report.seccompSuspensions} calls`}.`]),
        ...report.warnings.map((warning) => `warning: ${escapeText(warning)}`),
        report.undo === null ? 'There is no undo.' : dryRun ? "'guestmem undo' can take it back." : "'guestmem undo' takes it back.",
    ].join('\n') + '\n';
}

function kernelTimeText(report: AnyChangeReport): string[] {
    if (!('kernelTime' in report)) return [];
    const { kernelTime, unknown } = report;
    if (kernelTime === null) return unknown.map(({ reason }) => `How long the kernel takes is not known: ${escapeText(reason)}.`);
    const { microseconds, pieces, longestPieceMicroseconds } = kernelTime;
    const calls = pieces === 1 ? 'in one call' : `in ${pieces} calls of at most 16 MiB, each about ${formatMicroseconds(longestPieceMicroseconds)} at most`;
    return [`The kernel takes about ${formatMicroseconds(microseconds)} for it, ${calls}; as long as a call takes, the thread that makes it is held.`];
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
        { title: 'EXECUTOR' },
        { title: 'HELD µs', right: true },
        { title: 'RESULT' },
    ];
    const rows = changes.map(({ time, vm, command, change, range, pagesChanged, executor, stoppedMicroseconds, result, message }) => [
        time,
        vm,
        command,
        change,
        range,
        String(pagesChanged),
        executor,
        String(stoppedMicroseconds),
        message === null ? result : `${result}: ${message}`,
    ]);
    return renderTable(columns, rows);
}
