/** The field for where to go, with a list of what may be meant: a combobox as screen readers know it. */
import { element } from '../dom';
import type { Suggestion } from './goTo';
import { t } from '../l10n';

export interface GoToCommands {
    /** Returns what is wrong with the text, or null after going there. */
    goTo(text: string): string | null;
    suggest(text: string): readonly Suggestion[];
}

export class GoToBox {
    private readonly input = element('input', '');
    private readonly problem = element('div', 'problem');
    private readonly list = element('ul', 'suggestions');
    readonly element = element('div', 'goTo', this.input, this.list, this.problem);
    private suggestions: readonly Suggestion[] = [];
    /** Index of the suggestion that the keys have come to; -1 = the text itself. */
    private chosen = -1;

    constructor(private readonly commands: GoToCommands) {
        const { input, problem, list } = this;
        input.type = 'text';
        input.spellcheck = false;
        input.autocomplete = 'off';
        input.placeholder = t('Go to GPA, GPA+SIZE or slot');
        input.setAttribute('role', 'combobox');
        input.setAttribute('aria-label', t('Go to a guest physical address, a range GPA+SIZE, or a memslot such as slot 3'));
        input.setAttribute('aria-describedby', 'goToProblem');
        input.setAttribute('aria-controls', 'goToSuggestions');
        input.setAttribute('aria-autocomplete', 'list');
        problem.id = 'goToProblem';
        problem.setAttribute('role', 'alert');
        list.id = 'goToSuggestions';
        list.setAttribute('role', 'listbox');
        list.setAttribute('aria-label', t('Places to go to'));
        this.close();
        this.setProblem(null);
        for (const event of ['input', 'focus']) input.addEventListener(event, () => this.open());
        input.addEventListener('blur', () => {
            this.close();
            this.setProblem(null);
        });
        input.addEventListener('keydown', (event) => this.onKey(event));
        // The press would take the focus from the field and so close the list before the click.
        list.addEventListener('mousedown', (event) => {
            event.preventDefault();
            const index = [...list.children].indexOf((event.target as Element).closest('li') ?? list);
            if (index >= 0) this.take(index);
        });
    }

    focus(): void {
        this.input.focus();
        this.input.select();
    }

    /** Says why `text`, which somebody else asked for, cannot be gone to; null takes an earlier answer away. */
    showProblem(text: string, problem: string | null): void {
        if (problem !== null) this.input.value = text;
        this.setProblem(problem);
    }

    private onKey(event: KeyboardEvent): void {
        const { length } = this.suggestions;
        if (event.key === 'Enter') this.take(this.chosen);
        else if (event.key === 'Escape') {
            this.close();
            this.setProblem(null);
        } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && length > 0) {
            event.preventDefault();
            const step = event.key === 'ArrowDown' ? 1 : -1;
            // One place before the first is the text itself.
            this.choose(((this.chosen + 1 + step + length + 1) % (length + 1)) - 1);
        }
    }

    private take(index: number): void {
        const suggestion = this.suggestions[index];
        if (suggestion !== undefined) this.input.value = suggestion.text;
        this.close();
        this.setProblem(this.commands.goTo(this.input.value));
    }

    private open(): void {
        this.setProblem(null);
        this.suggestions = this.commands.suggest(this.input.value);
        this.list.replaceChildren(...this.suggestions.map(makeOption));
        this.list.hidden = this.suggestions.length === 0;
        this.input.setAttribute('aria-expanded', String(this.suggestions.length > 0));
        this.choose(-1);
    }

    private close(): void {
        this.suggestions = [];
        this.list.hidden = true;
        this.input.setAttribute('aria-expanded', 'false');
        this.choose(-1);
    }

    private choose(index: number): void {
        this.chosen = index;
        [...this.list.children].forEach((option, i) => option.setAttribute('aria-selected', String(i === index)));
        const option = this.list.children[index];
        if (option === undefined) this.input.removeAttribute('aria-activedescendant');
        else this.input.setAttribute('aria-activedescendant', option.id);
    }

    private setProblem(text: string | null): void {
        this.problem.textContent = text ?? '';
        this.problem.hidden = text === null;
        this.input.setAttribute('aria-invalid', String(text !== null));
    }
}

function makeOption({ text, description }: Suggestion, index: number): HTMLElement {
    const option = element('li', '', element('strong', '', text), ' ', element('span', 'size', description));
    option.id = `goTo${index}`;
    option.setAttribute('role', 'option');
    return option;
}
