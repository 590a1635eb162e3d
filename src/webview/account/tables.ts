/** The account in numbers: part by part with sources, and how the kernel's own figures lead to it. */
import { formatSize } from '../../common/address';
import { bytesOf, partTexts, signedSize, stepSizes } from '../../common/accountWords';
import type { AccountEntry, MemoryAccount } from '../../common/memoryAccount';
import { element } from '../dom';
import { t } from '../l10n';
import { swatchOf } from './bars';

const exactly = (bytes: bigint | number) => t('{0} bytes', bytes.toLocaleString());

function sizeCell(text: string, bytes: bigint | number): HTMLElement {
    const cell = element('td', 'number', text);
    cell.title = exactly(bytes);
    return cell;
}

function heading(...titles: readonly string[]): HTMLElement {
    const cells = titles.map((title, index) => {
        const cell = element('th', index === 1 || title === t('Share') ? 'number' : '', title);
        cell.scope = 'col';
        return cell;
    });
    return element('thead', '', element('tr', '', ...cells));
}

export function partTable({ entries, total }: MemoryAccount): HTMLElement {
    const whole = bytesOf(total);
    const rows = entries.filter(({ bytes }) => bytesOf(bytes) > 0n).map((entry) => partRow(entry, whole));
    const sum = element('tr', 'sum', element('th', '', t('In all')), sizeCell(formatSize(whole), whole), element('td', 'number', '100 %'), element('td', ''));
    return element('table', 'parts', heading(t('What the memory is for'), t('Size'), t('Share'), t('Source')), element('tbody', '', ...rows, sum));
}

function partRow(entry: AccountEntry, whole: bigint): HTMLElement {
    const { label, meaning } = partTexts[entry.part];
    const bytes = bytesOf(entry.bytes);
    const name = element('th', '', swatchOf(entry), element('span', 'name', t(label)), element('span', 'meaning', t(meaning)));
    name.scope = 'row';
    const size = formatSize(bytes);
    const share = whole === 0n ? 0 : (Number(bytes) / Number(whole)) * 100;
    return element('tr', '', name, sizeCell(entry.exact ? size : t('about {0}', size), bytes), element('td', 'number', `${share.toFixed(1)} %`), element('td', 'source', entry.source));
}

export function kernelTable(account: MemoryAccount): HTMLElement {
    const { kernel, total, notExplained } = account;
    const { charged, pss, cgroup } = kernel;
    const row = (className: string, label: string, text: string, bytes: bigint | number, note = '') => {
        const name = element('th', '', label);
        name.scope = 'row';
        return element('tr', className, name, sizeCell(text, bytes), element('td', 'source', note));
    };
    const rows = stepSizes(account).map(({ text, size, bytes }) => row('', t(text), size, bytes));
    if (charged !== null) rows.push(row('sum', t('What the kernel charges'), formatSize(bytesOf(charged)), bytesOf(charged)));
    if (notExplained !== null) {
        rows.push(row('', t('of that, explained above'), formatSize(bytesOf(total)), bytesOf(total)));
        const className = notExplained.bytes === 0 ? '' : 'warning';
        rows.push(row(className, t('not explained'), signedSize(notExplained.bytes), notExplained.bytes, notExplained.reason));
    }
    if (pss !== null) rows.push(row('aside', t('PSS'), formatSize(bytesOf(pss)), bytesOf(pss), t('RSS with shared pages divided among those who map them; of a large VMM read with Refresh')));
    if (cgroup !== null) {
        const others = cgroup.otherProcesses === 0 ? t('of this VMM alone') : t('of this VMM and {0} other processes', cgroup.otherProcesses);
        rows.push(row('aside', t('Memory cgroup'), formatSize(bytesOf(cgroup.bytes)), bytesOf(cgroup.bytes), `${cgroup.path}: ${others}`));
    }
    return element('table', 'kernel', heading(t('What the kernel says'), t('Size'), t('Note')), element('tbody', '', ...rows));
}

/** What is not known, and that it may not be of one moment. */
export function notes({ unknown, consistent }: MemoryAccount): HTMLElement[] {
    const told = unknown.map(({ field, reason }) => `${t('Not known')}: ${field}: ${reason}`);
    if (!consistent) told.unshift(t('The VM changed while it was read: pages may be counted under what they were there for before.'));
    return told.length === 0 ? [] : [element('ul', 'notes', ...told.map((text) => element('li', '', text)))];
}
