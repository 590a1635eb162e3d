/** The bar above the table of events: how the recording stands, events over time, and how the table is read. */
import type { RecordingState } from '../../common/eventMethods';
import { button, element } from '../dom';
import { t } from '../l10n';
import type { TimeMode } from './eventTime';

const stateNames: Readonly<Record<RecordingState['state'], string>> = {
    recording: 'Recording',
    stopped: 'Stopped',
    'vm-ended': 'The VM has ended',
};

export interface EventsBarCommands {
    follow(follows: boolean): void;
    showTime(mode: TimeMode): void;
}

export class EventsBar {
    private readonly state = element('span', 'state');
    private readonly title = element('span', 'title');
    private readonly figures = element('span', 'figures');
    private readonly follow: HTMLButtonElement;
    private readonly time: HTMLButtonElement;
    readonly element: HTMLElement;

    constructor(commands: EventsBarCommands, histogram: HTMLElement) {
        const isPressed = (target: HTMLElement) => target.getAttribute('aria-pressed') === 'true';
        this.follow = button('toggle', t('Follow'), () => commands.follow(!isPressed(this.follow)));
        this.follow.title = t('Stay at the newest event; scrolling up ends it');
        this.time = button('toggle', t('Since Start'), () => commands.showTime(isPressed(this.time) ? 'clock' : 'start'));
        this.time.title = t('Times since the start of the recording, instead of the clock');
        this.state.setAttribute('role', 'status');
        this.element = element('header', 'bar', this.state, this.title, this.figures, histogram, this.follow, this.time);
    }

    show(title: string, { state, events }: RecordingState, shown: number | null, perSecond: number | null): void {
        const words = t(stateNames[state]);
        // A status is read aloud whenever its text is set.
        if (this.state.textContent !== words) this.state.textContent = words;
        this.title.textContent = title;
        this.state.classList.toggle('recording', state === 'recording');
        // The table may have been asked for later than the state, and have more.
        const held = Math.max(events, shown ?? 0);
        const total = held.toLocaleString();
        const count = shown === null || shown === held ? (held === 1 ? t('1 event') : t('{0} events', total)) : t('{0} of {1} events', shown.toLocaleString(), total);
        this.figures.textContent = perSecond === null ? count : `${count} · ${t('{0}/s', Math.round(perSecond).toLocaleString())}`;
        this.follow.hidden = state !== 'recording';
    }

    showModes(follows: boolean, time: TimeMode): void {
        this.follow.setAttribute('aria-pressed', String(follows));
        this.time.setAttribute('aria-pressed', String(time === 'start'));
    }
}
