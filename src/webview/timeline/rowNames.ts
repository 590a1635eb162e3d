/** The names of the strip's rows, and how many events there are in all. */
import { eventGroups } from '../../common/eventGroups';
import type { ShownRecording } from '../../common/timelineMessages';
import { element } from '../dom';
import { t } from '../l10n';
import { lossText } from './describeBar';

export class RowNames {
    private readonly rows = eventGroups.map(({ name }) => element('div', 'name', t(name)));
    private readonly total = element('span', '');
    private readonly lost = element('span', 'warning');
    readonly element = element('div', 'rowNames', ...this.rows, element('div', 'total', this.total, this.lost));

    show({ events, lost, missing }: ShownRecording): void {
        this.total.textContent = events === 1 ? t('one event') : t('{0} events', events.toLocaleString());
        this.lost.textContent = lost === 0 ? '' : t('{0} lost', lost.toLocaleString());
        this.lost.title = lost === 0 ? '' : lossText(lost);
        eventGroups.forEach(({ kinds, meaning }, i) => {
            const row = this.rows[i];
            if (row === undefined) return;
            const absent = kinds === null ? [] : missing.filter((entry) => entry.kinds.some((kind) => kinds.includes(kind)));
            const isMissing = kinds !== null && kinds.every((kind) => absent.some((entry) => entry.kinds.includes(kind)));
            row.title = [t(meaning), ...absent.map(({ reason }) => reason)].join('\n');
            row.classList.toggle('missing', isMissing);
        });
    }
}
