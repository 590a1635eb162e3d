/** What the view says where there is nothing to list: no VM, or nothing recorded of it; and the one button that helps. */
import type { EventsSubject, EventsViewAction } from '../../common/eventsViewMessages';
import { button, element } from '../dom';
import { t } from '../l10n';

export class EmptyStates {
    private readonly text = element('p', '');
    private readonly cost = element('p', 'hint');
    private readonly act: HTMLButtonElement;
    private action: EventsViewAction = 'record';
    readonly element: HTMLElement;

    constructor(onAct: (action: EventsViewAction) => void) {
        this.act = button('primary', '', () => onAct(this.action));
        this.element = element('section', 'welcome', this.text, this.act, this.cost);
    }

    /** Hides itself where there is a recording. */
    show(subject: EventsSubject | null, cost: string): void {
        this.element.hidden = subject !== null && subject.recording !== null;
        this.action = subject === null ? 'selectVm' : 'record';
        this.text.textContent =
            subject === null
                ? t('Select a virtual machine to record what happens to its memory.')
                : t('Nothing is recorded of {0}. A recording tells who sets attributes and memslots, and what is allocated, punched, faulted and unmapped: when, and by which thread.', subject.title);
        this.act.textContent = subject === null ? t('Select Virtual Machine') : t('Record Memory Events');
        this.cost.textContent = subject === null ? '' : cost;
    }
}
