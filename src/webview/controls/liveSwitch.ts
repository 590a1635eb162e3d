/** The button that pauses and resumes the map's refreshing by itself. */
import type { LiveMode, MapRequest } from '../../common/mapMessages';
import { button } from '../dom';
import { t } from '../l10n';

export class LiveSwitch {
    private mode: LiveMode = 'live';
    readonly element: HTMLButtonElement;

    constructor(post: (request: MapRequest) => void) {
        this.element = button('', '', () => post({ type: 'setMode', mode: this.mode === 'live' ? 'paused' : 'live' }));
    }

    /** `isFixed`: the map cannot change. */
    show(mode: LiveMode, isFixed: boolean): void {
        this.mode = mode;
        this.element.hidden = isFixed;
        const isLive = mode === 'live';
        this.element.textContent = isLive ? t('Pause') : t('Resume');
        this.element.title = isLive ? t('The map is refreshed by itself while it is visible. Pause it.') : t('The map stays as it is until it is refreshed or resumed.');
        this.element.classList.toggle('primary', !isLive);
    }
}
