/** What a recording does not tell, said as long as it is so: lost events, those that were given up, kinds that are missing. */
import type { EventLoss, RecordingState } from '../../common/eventMethods';
import { eventNames } from '../../common/eventWords';
import { definitions, element } from '../dom';
import { t } from '../l10n';
import { briefClockText } from './eventTime';

export class Losses {
    readonly lost = element('div', 'notice');
    private readonly givenUp = element('div', 'part');
    private readonly missing = element('details', 'part missing');
    readonly element = element('div', 'losses', this.givenUp, this.missing);

    constructor() {
        this.lost.setAttribute('role', 'status');
        this.show(null);
    }

    show(recording: RecordingState | null): void {
        const { lost, losses, givenUp, missing } = recording ?? { lost: 0, losses: [], givenUp: 0, missing: [] };
        setText(this.lost, lost === 0 ? '' : lossText(lost, losses.at(-1)));
        setText(this.givenUp, givenUp === 0 ? '' : t('The oldest {0} events were given up, since no more are kept than the log has room for.', givenUp.toLocaleString()));
        this.missing.hidden = missing.length === 0;
        const kinds = missing.flatMap((entry) => entry.kinds);
        const lines = missing.map(({ kinds: of, reason }) => [of.map((kind) => t(eventNames[kind])).join(', '), reason] as const);
        const summary = kinds.length === 1 ? t('One kind of events is missing') : t('{0} kinds of events are missing', kinds.length);
        // Made anew only when it says something else: it may be open.
        const text = JSON.stringify(lines);
        if (this.missing.dataset['lines'] === text) return;
        this.missing.dataset['lines'] = text;
        this.missing.replaceChildren(element('summary', '', summary), definitions('', lines));
    }
}

function lossText(lost: number, last: EventLoss | undefined): string {
    const count = lost.toLocaleString();
    return last === undefined
        ? t('{0} events were lost: they found no room in the kernel. What happened then is not known.', count)
        : t('{0} events were lost, the last at {1}: they found no room in the kernel. What happened then is not known.', count, briefClockText(last.to));
}

/** A status is read aloud whenever its text is set. */
function setText(target: HTMLElement, text: string): void {
    target.hidden = text === '';
    if (target.textContent !== text) target.textContent = text;
}
