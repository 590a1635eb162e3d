/** Where in guest memory: typed, or taken from a memslot or from what is selected on the page map. */
import { toHex } from '../../common/address';
import type { EventMemslot } from '../../common/eventsViewMessages';
import type { WireRange } from '../../common/range';
import { parsePlace } from '../controls/typedPlace';
import { element } from '../dom';
import { t } from '../l10n';

/** Milliseconds after the last key. */
const settlingTime = 200;
/** Values of the choice that are no memslots. */
const [anywhere, selection, typed] = ['anywhere', 'selection', 'typed'];

export interface RangeBoxEvents {
    changed(): void;
    /** What is selected on the map is wanted. */
    askedForSelection(): void;
}

export class RangeBox {
    private readonly input = element('input', '');
    private readonly choice = element('select', '');
    private readonly problem = element('div', 'problem');
    readonly element = element('div', 'range', this.choice, this.input, this.problem);
    private memslots: readonly EventMemslot[] = [];
    private settling = 0;
    /** What is shown; null = all memory. */
    range: WireRange | null = null;

    constructor(private readonly events: RangeBoxEvents) {
        const { input, choice, problem } = this;
        input.type = 'search';
        input.spellcheck = false;
        input.placeholder = t('GPA or GPA+SIZE');
        input.setAttribute('aria-label', t('Show only events at an address or in a range GPA+SIZE'));
        input.setAttribute('aria-describedby', 'rangeProblem');
        problem.id = 'rangeProblem';
        problem.setAttribute('role', 'alert');
        problem.hidden = true;
        choice.setAttribute('aria-label', t('Where in guest memory'));
        input.addEventListener('input', () => {
            clearTimeout(this.settling);
            this.settling = window.setTimeout(() => this.apply(), settlingTime);
        });
        input.addEventListener('keydown', (event) => {
            if (event.key === 'Enter') this.apply();
        });
        choice.addEventListener('change', () => this.choose());
        this.setMemslots([]);
    }

    get text(): string {
        return this.input.value;
    }

    set text(text: string) {
        this.input.value = text;
        this.apply();
    }

    setMemslots(memslots: readonly EventMemslot[]): void {
        this.memslots = memslots;
        this.choice.replaceChildren(
            new Option(t('All memory'), anywhere),
            new Option(t('Selection on the page map'), selection),
            ...memslots.map(({ id, gpa, size, description }) => new Option(`${t('Slot {0}', id)}: ${gpa}+${size}${description === '' ? '' : `, ${description}`}`, `${gpa}+${size}`)),
            new Option(t('Typed range'), typed),
        );
        this.showChoice();
    }

    /** What was found selected on the map. */
    takeSelection(range: WireRange | null): void {
        if (range === null) this.showProblem(t('Nothing is selected on the page map. Select pages there first.'));
        else this.text = `${range.gpa}+${range.size}`;
        this.showChoice();
    }

    private choose(): void {
        const { value } = this.choice;
        if (value === selection) this.events.askedForSelection();
        else if (value === typed) this.input.focus();
        else this.text = value === anywhere ? '' : value;
    }

    private apply(): void {
        clearTimeout(this.settling);
        const text = this.text.trim();
        const place = text === '' ? null : parsePlace(text);
        const problem = place !== null && 'problem' in place ? place.problem : '';
        this.showProblem(problem);
        this.showChoice();
        if (place !== null && 'problem' in place) return;
        this.range = place === null ? null : { gpa: toHex(place.extent.start * 4096), size: toHex((place.extent.end - place.extent.start) * 4096) };
        this.events.changed();
    }

    private showProblem(problem: string): void {
        this.problem.textContent = problem;
        this.problem.hidden = problem === '';
        this.input.setAttribute('aria-invalid', String(problem !== ''));
    }

    private showChoice(): void {
        const text = this.text.trim();
        const isMemslot = this.memslots.some(({ gpa, size }) => text === `${gpa}+${size}`);
        this.choice.value = text === '' ? anywhere : isMemslot ? text : typed;
    }
}
