/** The buttons that begin and end a recording, and that list its events. */
import type { MapRequest } from '../../common/mapMessages';
import type { ShownRecording } from '../../common/timelineMessages';
import { button, element } from '../dom';
import { t } from '../l10n';

export class RecordingControls {
    private isRecording = false;
    private readonly record: HTMLButtonElement;
    private readonly events: HTMLButtonElement;
    readonly element: HTMLElement;

    constructor(post: (request: MapRequest) => void) {
        this.record = button('record', '', () => post({ type: this.isRecording ? 'stopRecording' : 'startRecording' }));
        this.events = button('', t('Events'), () => post({ type: 'showEvents' }));
        this.events.title = t('List what happened to the memory of this VM');
        this.element = element('div', 'group', this.record, this.events);
        this.element.setAttribute('role', 'group');
        this.element.setAttribute('aria-label', t('Recording'));
        this.show(null, false);
    }

    show(recording: ShownRecording | null, isOffered: boolean): void {
        this.element.hidden = !isOffered;
        this.isRecording = recording?.state === 'recording';
        this.record.textContent = this.isRecording ? t('Stop Recording') : t('Record');
        this.record.title = this.isRecording
            ? t('What was recorded stays until the next recording begins')
            : t('Record what happens to the memory of this VM from now on');
        this.record.classList.toggle('recording', this.isRecording);
        this.record.disabled = recording?.state === 'vm-ended';
    }
}
