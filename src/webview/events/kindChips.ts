/** The kinds of events that there are, each with its count: chosen ones alone are shown. */
import { eventKinds, eventNames } from '../../common/eventWords';
import type { MemoryEventKind } from '../../common/memoryEvents';
import { button, element } from '../dom';
import { t } from '../l10n';
import { toneOf } from './kindTone';

export class KindChips {
    readonly element = element('div', 'chips');
    private readonly chips = new Map<MemoryEventKind, { readonly chip: HTMLButtonElement; readonly count: HTMLElement }>();
    private chosen = new Set<MemoryEventKind>();

    constructor(private readonly onChange: () => void) {
        this.element.setAttribute('role', 'group');
        this.element.setAttribute('aria-label', t('Kinds of events'));
        for (const kind of eventKinds) {
            const count = element('span', 'size');
            const chip = button('chip', '', () => this.toggle(kind));
            const swatch = element('span', 'swatch');
            swatch.dataset['tone'] = toneOf(kind);
            chip.append(swatch, t(eventNames[kind]), ' ', count);
            chip.hidden = true;
            this.chips.set(kind, { chip, count });
            this.element.append(chip);
        }
    }

    /** None = all. */
    get kinds(): readonly MemoryEventKind[] {
        return eventKinds.filter((kind) => this.chosen.has(kind));
    }

    set kinds(kinds: readonly MemoryEventKind[]) {
        this.chosen = new Set(kinds);
        this.showChosen();
    }

    /** How many there are of each, by whatever else is filtered. */
    show(counts: ReadonlyMap<MemoryEventKind, number>): void {
        for (const [kind, { chip, count }] of this.chips) {
            const number = counts.get(kind) ?? 0;
            count.textContent = number.toLocaleString();
            chip.hidden = number === 0 && !this.chosen.has(kind);
        }
    }

    private toggle(kind: MemoryEventKind): void {
        if (!this.chosen.delete(kind)) this.chosen.add(kind);
        this.showChosen();
        this.onChange();
    }

    private showChosen(): void {
        for (const [kind, { chip }] of this.chips) {
            const isChosen = this.chosen.has(kind);
            chip.setAttribute('aria-pressed', String(isChosen));
            if (isChosen) chip.hidden = false;
        }
    }
}
