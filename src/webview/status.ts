/** The lines about the map as a whole: its totals, when it was taken and how far it can be trusted, what is not known. */
import { formatSize, parseHex, type Hex } from '../common/address';
import { fieldText, isNotKept } from '../common/factWords';
import { definitions, element } from './dom';
import { keyHelp } from './keyboard';
import type { MapModel } from './mapModel';

export class Status {
    private readonly totals = element('div', 'totals');
    private readonly unknown = element('details', 'unknown');
    readonly element = element('div', 'status', this.totals, this.unknown, makeKeyHelp());

    constructor() {
        this.unknown.hidden = true;
    }

    show({ map }: MapModel): void {
        const { totals, takenAt, consistent } = map;
        const unknown = map.unknown.filter((entry) => !isNotKept(entry));
        const amount = (name: string, bytes: Hex) => element('span', 'part', `${name} ${formatSize(parseHex(bytes) ?? 0n)}`);
        const taken = element('span', 'part', `taken ${formatTime(takenAt)}`);
        taken.title = takenAt;
        this.totals.replaceChildren(
            amount('private', totals.private),
            amount('shared', totals.shared),
            amount('double-backed', totals.doubleBacked),
            amount('private outside memslots', totals.outsideMemslots),
            taken,
            ...(consistent ? [] : [makeInconsistent()]),
        );
        this.unknown.hidden = unknown.length === 0;
        const count = unknown.length === 1 ? 'One fact is unknown' : `${unknown.length} facts are unknown`;
        this.unknown.replaceChildren(
            element('summary', '', count),
            definitions('', unknown.map(({ field, reason }) => [fieldText(field), reason] as const)),
        );
    }
}

function makeInconsistent(): HTMLElement {
    const mark = element('span', 'part warning', 'inconsistent');
    mark.title = 'The VM kept changing while it was read: parts of this map may be from different moments. Refresh to try again.';
    return mark;
}

function makeKeyHelp(): HTMLElement {
    return element('details', 'keys', element('summary', '', 'Keys'), definitions('', keyHelp));
}

function formatTime(takenAt: string): string {
    const time = new Date(takenAt);
    return Number.isNaN(time.getTime()) ? takenAt : time.toLocaleTimeString();
}
