/** The names of the strip's rows, and how many events there are in all. */
import { eventGroups, groupOfKind } from '../../common/eventGroups';
import type { MemoryEventKind } from '../../common/memoryEvents';
import type { ShownRecording } from '../../common/timelineMessages';
import { element } from '../dom';
import { t } from '../l10n';

export class RowNames {
    private readonly rows = eventGroups.map(({ name }) => element('div', 'name', t(name)));
    private readonly total = element('span', '');
    private readonly lost = element('span', 'warning');
    readonly element = element('div', 'rowNames', ...this.rows, element('div', 'total', this.total, this.lost));

    show({ events, lost, missing }: ShownRecording): void {
        this.total.textContent = events === 1 ? t('one event') : t('{0} events', events.toLocaleString());
        this.lost.textContent = lost === 0 ? '' : t('{0} lost', lost.toLocaleString());
        this.lost.title = lost === 0 ? '' : t('They came faster than they could be taken; a flag on the strip marks when.');
        const absent = new Set(missing.flatMap(({ kinds }) => kinds));
        eventGroups.forEach(({ id, meaning }, i) => {
            const reasons = missing.filter(({ kinds }) => kinds.some((kind) => groupOfKind[kind] === id)).map(({ reason }) => reason);
            const kinds = (Object.keys(groupOfKind) as MemoryEventKind[]).filter((kind) => groupOfKind[kind] === id);
            const row = this.rows[i];
            if (row === undefined) return;
            row.title = [t(meaning), ...new Set(reasons)].join('\n');
            row.classList.toggle('missing', kinds.length > 0 && kinds.every((kind) => absent.has(kind)));
        });
    }
}
