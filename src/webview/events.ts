/** Guest Memory Events: builds the page, wires its parts to each other and to the extension host. */
import type { EventFilter, RecordingState } from '../common/eventMethods';
import { placeOf } from '../common/eventPlace';
import type { EventsAnswer, EventsQuestion, EventsSubject, EventsViewEvent, EventsViewRequest } from '../common/eventsViewMessages';
import type { MemoryEvent } from '../common/memoryEvents';
import { button, element } from './dom';
import { onThemeChange } from './drawing/palette';
import { EmptyStates } from './events/emptyStates';
import { EventCounter, sumsByKind, type CountedEvents } from './events/eventCounter';
import { eventMenu } from './events/eventMenu';
import { microsecondsOf } from './events/eventTime';
import { EventRate } from './events/eventRate';
import { EventsBar } from './events/eventsBar';
import { EventsTable } from './events/eventsTable';
import { Histogram } from './events/histogram';
import { KindChips } from './events/kindChips';
import { Losses } from './events/losses';
import { RangeBox } from './events/rangeBox';
import { parseShownFilter, type ShownFilter } from './events/shownFilter';
import { connectHost } from './host';
import { t, useBundle } from './l10n';
import { PendingAnswers } from './pendingAnswers';

useBundle(document.querySelector<HTMLMetaElement>('meta[name=l10n]')?.content);

const host = connectHost<EventsViewRequest, EventsViewEvent>();
const post = (request: EventsViewRequest) => host.postMessage(request);
const saved = parseShownFilter(host.getState());
const answers = new PendingAnswers<EventsAnswer>();
const rate = new EventRate();
let subject: EventsSubject | null = null;
let { follows, time, failed } = saved;
let counted: CountedEvents | null = null;

async function ask<Type extends EventsQuestion['type']>(about: Extract<EventsQuestion, { type: Type }>): Promise<Extract<EventsAnswer, { type: Type }> | null> {
    const answer = await answers.ask((question) => post({ type: 'ask', question, about }));
    return answer?.type === about.type ? (answer as Extract<EventsAnswer, { type: Type }>) : null;
}

const chips = new KindChips(showFilter);
const range = new RangeBox({ changed: showFilter, askedForSelection: () => post({ type: 'selection' }) });
const failedOnly = button('toggle', t('Failed Only'), () => {
    failed = !failed;
    showFilter();
});
failedOnly.title = t('Only system calls that ended with an error');
const histogram = new Histogram((to) => {
    follow(false);
    void table.goTo(to);
});
const bar = new EventsBar(
    {
        follow,
        showTime: (mode) => {
            time = mode;
            showModes();
        },
    },
    histogram.element,
);
const counter = new EventCounter(
    (question) => ask(question),
    (of) => {
        counted = of;
        showCounts();
    },
);
const table: EventsTable = new EventsTable((filter, first, most) => ask({ type: 'list', filter, first, most }), {
    moved: showCurrent,
    opened: showOnMap,
    key: onKey,
    copy: (text) => post({ type: 'copy', text }),
    followed: (isAtEnd) => {
        if (isAtEnd !== follows) follow(isAtEnd);
    },
    counted: () => showBar(),
});
const losses = new Losses();
const problem = element('div', 'notice');
const failure = element('div', 'notice');
const empty = new EmptyStates((action) => post({ type: 'act', action }));
const spoken = element('div', 'spoken');
const recorded = element('main', 'recorded', bar.element, losses.lost, element('div', 'filters', chips.element, failedOnly, range.element, losses.element), failure, table.element);

for (const notice of [problem, failure]) {
    notice.setAttribute('role', 'status');
    notice.hidden = true;
}
spoken.setAttribute('aria-live', 'polite');
recorded.hidden = true;
empty.element.hidden = true;
document.body.append(problem, empty.element, recorded, spoken);
chips.kinds = saved.kinds;
range.text = saved.range;
showModes();
onThemeChange(() => histogram.draw());
host.onEvent(receive);
post({ type: 'ready' });

function receive(event: EventsViewEvent): void {
    switch (event.type) {
        case 'shown':
            showProblem(event.problem);
            empty.show(event.subject, event.cost);
            showSubject(event.subject);
            break;
        case 'answer':
            if (event.problem !== null || event.answer !== null) showFailure(event.problem);
            answers.receive(event.question, event.answer);
            break;
        case 'narrow':
            if (event.range !== null) range.text = `${event.range.gpa}+${event.range.size}`;
            if (event.kind !== null) chips.kinds = [event.kind];
            showFilter();
            break;
        case 'selection':
            range.takeSelection(event.range);
    }
}

function showSubject(next: EventsSubject | null): void {
    const before = subject;
    subject = next;
    const recording = next?.recording ?? null;
    recorded.hidden = recording === null;
    losses.show(recording);
    rate.look(recording);
    if (JSON.stringify(before?.memslots) !== JSON.stringify(next?.memslots)) range.setMemslots(next?.memslots ?? []);
    if (next === null || recording === null) return;
    if (before?.recording === null || before?.id !== next.id) {
        counted = null;
        histogram.show(null);
        showModes();
        showFilter();
    } else if (isNews(before.recording, recording)) {
        table.refresh();
        count(recording);
    }
    showBar();
}

/** While it goes on time passes, also without events. */
const isNews = (before: RecordingState, now: RecordingState): boolean =>
    now.state === 'recording' || before.state !== now.state || before.events !== now.events || before.givenUp !== now.givenUp;

function filterNow(): EventFilter {
    const { kinds } = chips;
    return { kinds: kinds.length === 0 ? null : kinds, range: range.range, failed, times: null };
}

/** Shows what passes the filter, which may be another one or of another recording. */
function showFilter(): void {
    failedOnly.setAttribute('aria-pressed', String(failed));
    save();
    const recording = subject?.recording ?? null;
    if (recording === null) return;
    table.setMenu(null);
    table.setFilter(filterNow());
    count(recording);
    showCounts();
}

function count(recording: RecordingState): void {
    counter.count(recording, filterNow(), histogram.buckets);
}

function showCounts(): void {
    if (counted === null) return;
    chips.show(sumsByKind(counted.counts));
    histogram.show({ ...counted, kinds: chips.kinds, losses: subject?.recording?.losses ?? [] });
}

function follow(wanted: boolean): void {
    follows = wanted;
    showModes();
}

function showModes(): void {
    bar.showModes(follows, time);
    table.follow(follows);
    table.showTimes(time, subject?.recording?.since ?? 0);
    save();
}

function showBar(): void {
    const recording = subject?.recording ?? null;
    if (subject !== null && recording !== null) bar.show(subject.title, recording, table.total, rate.perSecond);
}

function showCurrent(event: MemoryEvent): void {
    if (subject !== null) table.setMenu(eventMenu(event, subject));
}

function showOnMap(event: MemoryEvent): void {
    const place = subject === null ? null : placeOf(event, subject.memslots);
    if (place !== null && subject?.isActive === true) post({ type: 'showOnMap', range: place });
    else spoken.textContent = place === null ? t('This event names no memory of a memslot.') : noMap();
}

const noMap = (): string => t('The VM has ended: there is no map of it.');

/** Ctrl + Enter: the page map as it was when the event had happened. */
function onKey({ key, ctrlKey, metaKey }: KeyboardEvent, event: MemoryEvent): boolean {
    if (key !== 'Enter' || !(ctrlKey || metaKey) || subject === null) return false;
    if (subject.isActive) post({ type: 'showAt', time: microsecondsOf(event.time), range: placeOf(event, subject.memslots) });
    else spoken.textContent = noMap();
    return true;
}

function showProblem(told: Extract<EventsViewEvent, { type: 'shown' }>['problem']): void {
    // Made anew only when it says something else: a button may have the focus.
    const text = JSON.stringify(told);
    if (problem.dataset['told'] === text) return;
    problem.dataset['told'] = text;
    problem.hidden = told === null;
    const remedies = told?.remedies.map((label) => button('', label, () => post({ type: 'remedy', label }))) ?? [];
    problem.replaceChildren(element('span', '', told?.message ?? ''), element('div', 'actions', ...remedies));
}

/** Why the events cannot be asked for. */
function showFailure(message: string | null): void {
    failure.hidden = message === null;
    if (failure.textContent !== (message ?? '')) failure.textContent = message ?? '';
}

function save(): void {
    host.setState({ kinds: chips.kinds, range: range.text, failed, time, follows } satisfies ShownFilter);
}
