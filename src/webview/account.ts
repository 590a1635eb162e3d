/** The page of a VM's account: one sentence, a bar, and two tables. It draws what it is given. */
import type { AccountEvent, AccountRequest } from '../common/accountMessages';
import { accountSentence } from '../common/accountWords';
import { scaleBars } from './account/bars';
import { kernelTable, notes, partTable } from './account/tables';
import { StaleNotice } from './controls/staleNotice';
import { button, element } from './dom';
import { connectHost } from './host';
import { t, useBundle } from './l10n';

useBundle(document.querySelector<HTMLMetaElement>('meta[name=l10n]')?.content);

const host = connectHost<AccountRequest, AccountEvent>();
const post = (request: AccountRequest) => host.postMessage(request);

const title = element('h1', '', t('Memory Accounting'));
const time = element('span', 'time');
const refresh = button('', t('Refresh'), () => post({ type: 'refresh' }));
refresh.title = t('Read it again now, with PSS');
const cancel = button('', t('Cancel'), () => post({ type: 'cancel' }));
cancel.hidden = true;
const map = button('', t('Show on Map'), () => post({ type: 'showOnMap' }));
const stale = new StaleNotice((label) => post({ type: 'remedy', label }));
const sentence = element('p', 'sentence', t('Reading the memory of the VM…'));
const content = element('div', 'content');
document.body.append(
    element('header', 'top', title, time, element('span', 'space'), cancel, map, refresh),
    stale.element,
    element('main', 'page', sentence, content),
);

host.onEvent((event) => {
    switch (event.type) {
        case 'account': {
            const { account } = event;
            title.textContent = event.title;
            time.textContent = t('as of {0}', new Date(account.takenAt).toLocaleTimeString());
            sentence.textContent = accountSentence(account);
            content.replaceChildren(scaleBars(account), partTable(account), kernelTable(account), ...notes(account));
            content.classList.remove('old');
            stale.show(null);
            return;
        }
        case 'busy':
            cancel.hidden = !event.busy;
            return;
        case 'stale':
            content.classList.add('old');
            stale.show(event);
    }
});
post({ type: 'ready' });
