/** The lines about the map as a whole: its totals, when it was taken and how far it can be trusted, what is not known. */
import { formatSize, parseHex, type Hex } from '../../common/address';
import { fieldText, isNotKept } from '../../common/factWords';
import { definitions, element } from '../dom';
import { keyHelp } from '../view/keyboard';
import { t } from '../l10n';
import type { MapModel } from '../tiles/mapModel';

export class Status {
    private readonly totals = element('div', 'totals');
    private readonly taken = element('span', 'part');
    private readonly unknown = element('details', 'unknown');
    readonly element = element('div', 'status', this.totals, this.unknown, makeKeyHelp());

    constructor() {
        this.unknown.hidden = true;
    }

    show({ map }: MapModel): void {
        const { totals, consistent } = map;
        const unknown = map.unknown.filter((entry) => !isNotKept(entry));
        const amount = (name: string, bytes: Hex) => element('span', 'part', `${name} ${formatSize(parseHex(bytes) ?? 0n)}`);
        this.showTaken(map.takenAt);
        this.totals.replaceChildren(
            amount(t('private'), totals.private),
            amount(t('shared'), totals.shared),
            amount(t('double-backed'), totals.doubleBacked),
            amount(t('private outside memslots'), totals.outsideMemslots),
            this.taken,
            ...(consistent ? [] : [makeInconsistent()]),
        );
        this.unknown.hidden = unknown.length === 0;
        const count = unknown.length === 1 ? t('One fact is unknown') : t('{0} facts are unknown', unknown.length);
        this.unknown.replaceChildren(
            element('summary', '', count),
            definitions('', unknown.map(({ field, reason }) => [fieldText(field), reason] as const)),
        );
    }

    /** When the map was last found to be as it is shown. */
    showTaken(takenAt: string): void {
        this.taken.textContent = t('taken {0}', formatTime(takenAt));
        this.taken.title = takenAt;
    }
}

function makeInconsistent(): HTMLElement {
    const mark = element('span', 'part warning', t('inconsistent'));
    mark.title = t('The VM kept changing while it was read: parts of this map may be from different moments. Refresh to try again.');
    return mark;
}

function makeKeyHelp(): HTMLElement {
    return element('details', 'keys', element('summary', '', t('Keys')), definitions('', keyHelp()));
}

function formatTime(takenAt: string): string {
    const time = new Date(takenAt);
    return Number.isNaN(time.getTime()) ? takenAt : time.toLocaleTimeString();
}
