/** The columns of the table of events. */
import { durationText, eventNames, whatOf } from '../../common/eventWords';
import type { MemoryEvent } from '../../common/memoryEvents';
import { t } from '../l10n';
import type { GridColumn } from '../table/grid';
import { timeText, type TimeMode } from './eventTime';
import { toneOf } from './kindTone';

export function eventColumns(mode: TimeMode, since: number): readonly GridColumn<MemoryEvent>[] {
    return [
        { label: t('Time'), words: ({ time }) => timeText(time, mode, since), hint: ({ time }) => t('{0} · Enter shows the page map there, Ctrl + Enter as it was at this time', time) },
        { label: t('Kind'), words: ({ kind }) => t(eventNames[kind]), tone: ({ kind }) => toneOf(kind) },
        { label: t('What'), words: whatOf },
        { label: t('Thread'), words: ({ thread }) => (thread === null ? '' : String(thread)), hint: ({ thread }) => (thread === null ? t('The kernel did it, or who did cannot be seen.') : t('Thread {0}', thread)) },
        { label: t('Duration'), words: (event) => ('microseconds' in event ? durationText(event.microseconds) : '') },
        { label: t('Error'), words: (event) => ('error' in event ? (event.error ?? '') : ''), tone: () => 'error' },
    ];
}
