/** The field above the table of runs that says which ones to show. */
import { element } from '../dom';
import { t } from '../l10n';
import { parseFilter, type TypedFilter } from './runFilter';

/** Milliseconds after the last key. */
const settlingTime = 200;

export class RunFilterBox {
    private readonly input = element('input', '');
    private readonly problem = element('div', 'problem');
    readonly element = element('div', 'filter', this.input, this.problem);
    private settling = 0;

    /** The listener hears only of filters that can be used. */
    constructor(private readonly onChange: (filter: Exclude<TypedFilter, { problem: string }>) => void) {
        const { input, problem } = this;
        input.type = 'search';
        input.spellcheck = false;
        input.placeholder = t('Filter: GPA, GPA+SIZE or slot');
        input.setAttribute('aria-label', t('Show only runs at an address, in a range GPA+SIZE, or in a memslot such as slot 3'));
        input.setAttribute('aria-describedby', 'filterProblem');
        problem.id = 'filterProblem';
        problem.setAttribute('role', 'alert');
        problem.hidden = true;
        input.addEventListener('input', () => {
            clearTimeout(this.settling);
            this.settling = window.setTimeout(() => this.apply(), settlingTime);
        });
        input.addEventListener('keydown', (event) => {
            if (event.key === 'Enter') this.apply();
        });
    }

    get text(): string {
        return this.input.value;
    }

    set text(text: string) {
        this.input.value = text;
        this.apply();
    }

    private apply(): void {
        clearTimeout(this.settling);
        const filter = parseFilter(this.text);
        const problem = 'problem' in filter ? filter.problem : '';
        this.problem.textContent = problem;
        this.problem.hidden = problem === '';
        this.input.setAttribute('aria-invalid', String(problem !== ''));
        if (!('problem' in filter)) this.onChange(filter);
    }
}
