/** Says that the map is one of the past, and leads back; it takes the place of the controls of what is now. */
import { button, element } from '../dom';
import { t } from '../l10n';
import { timeText } from './clock';

export class PastBanner {
    private readonly words = element('strong', '');
    readonly element: HTMLElement;

    constructor(onReturn: () => void) {
        const back = button('primary', t('Return to Now (Esc)'), onReturn);
        this.element = element('div', 'pastBanner', this.words, back);
        this.element.setAttribute('role', 'status');
        this.show(null);
    }

    /** Null = now. */
    show(time: number | null): void {
        this.element.hidden = time === null;
        document.body.classList.toggle('past', time !== null);
        const words = time === null ? '' : t('As it was at {0}', timeText(time));
        if (this.words.textContent !== words) this.words.textContent = words;
    }
}
