/** The controls that keep, compare and save the map, and the banner that says what a comparison or a file is. */
import type { MapRequest, ShownMap } from '../../common/mapMessages';
import { button, element } from '../dom';
import { t } from '../l10n';

export class Comparison {
    private readonly words = element('span', '');
    private readonly keep: HTMLButtonElement;
    private readonly save: HTMLButtonElement;
    /** For the toolbar. */
    readonly controls: HTMLElement;
    readonly banner: HTMLElement;
    private readonly end: HTMLElement;

    constructor(post: (request: MapRequest) => void) {
        const titled = (label: string, title: string, type: 'keep' | 'chooseComparison' | 'save') => {
            const made = button('', label, () => post({ type }));
            made.title = title;
            return made;
        };
        this.keep = titled(t('Keep'), t('Keep the present state in memory, to compare with it later'), 'keep');
        const compare = titled(t('Compare…'), t('Show what differs from a kept state or a saved file'), 'chooseComparison');
        this.save = titled(t('Save…'), t('Save this map as a file that can be opened without the VM; it holds no guest content'), 'save');
        this.controls = element('div', 'group', this.keep, compare, this.save);
        this.controls.setAttribute('role', 'group');
        this.controls.setAttribute('aria-label', t('Snapshots'));
        this.end = element('div', 'actions', button('', t('End Comparison'), () => post({ type: 'endComparison' })));
        this.banner = element('div', 'notice comparison', this.words, this.end);
        this.banner.setAttribute('role', 'status');
        this.banner.hidden = true;
    }

    show({ origin, subtitle, readOnly }: ShownMap): void {
        this.banner.hidden = subtitle === null;
        this.end.hidden = origin !== 'comparison';
        // A status that is written anew is read aloud anew.
        const words = subtitle ?? '';
        if (this.words.textContent !== words) this.words.textContent = words;
        this.keep.hidden = readOnly !== null;
        this.save.disabled = origin === 'comparison';
    }
}
