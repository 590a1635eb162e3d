/** Says why the map is out of date, with buttons that help. */
import { button, element } from '../dom';

export interface Stale {
    readonly message: string;
    readonly remedies: readonly string[];
}

export class StaleNotice {
    readonly element = element('div', 'notice');

    constructor(private readonly onRemedy: (label: string) => void) {
        this.element.setAttribute('role', 'status');
        this.show(null);
    }

    /** Null = the map is current. */
    show(stale: Stale | null): void {
        this.element.hidden = stale === null;
        const remedies = stale?.remedies.map((label) => button('', label, () => this.onRemedy(label))) ?? [];
        this.element.replaceChildren(element('span', '', stale?.message ?? ''), element('div', 'actions', ...remedies));
    }
}
