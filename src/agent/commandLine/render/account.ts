import { accountSentence, bytesOf, partTexts, signedSize, stepSizes } from '../../../common/accountWords';
import type { AccountEntry, MemoryAccount } from '../../../common/memoryAccount';
import { renderTable } from './table';
import { escapeText } from './text';
import { notKnown, sizeText, unknownText } from './values';

const barWidth = 30;

export function renderAccount(account: MemoryAccount): string {
    const { entries, total, notExplained, unknown, consistent } = account;
    const whole = bytesOf(total);
    const rows = entries.filter(({ bytes }) => bytesOf(bytes) > 0n).map((entry) => entryRow(entry, whole));
    const columns = [{ title: 'WHAT' }, { title: 'BYTES', right: true }, { title: 'PART' }, { title: 'SOURCE' }];
    const sections = [
        accountSentence(account) + '\n',
        renderTable(columns, [...rows, ['in all', sizeText(total), '', '']]),
        kernelTable(account),
        notExplained === null || notExplained.bytes === 0 ? '' : `Not explained: ${signedSize(notExplained.bytes)}: ${escapeText(notExplained.reason)}.\n`,
        consistent ? '' : 'The VM changed while it was read: pages may be counted under what they were there for before.\n',
        unknownText(unknown),
    ];
    return sections.filter((section) => section !== '').join('\n');
}

function entryRow({ part, bytes, source, exact }: AccountEntry, whole: bigint): string[] {
    const { label } = partTexts[part];
    const size = bytesOf(bytes);
    const marks = whole === 0n ? 0 : Math.max(1, Number((size * BigInt(barWidth) + whole / 2n) / whole));
    return [label, (exact ? '' : 'about ') + sizeText(bytes), '#'.repeat(marks), source];
}

/** From RSS to all that is charged, and what else the kernel says. */
function kernelTable(account: MemoryAccount): string {
    const { total, notExplained, kernel } = account;
    const { charged, rss, pss, cgroup } = kernel;
    const others = cgroup === null || cgroup.otherProcesses === 0 ? '' : ` (with ${cgroup.otherProcesses} other processes)`;
    const rows = [
        ...stepSizes(account).map(({ text, size }) => [text, size]),
        ...(charged === null ? [] : [['what the kernel charges', sizeText(charged)], ['  of that, explained above', sizeText(notExplained === null ? null : total)]]),
        ...(rss === null || pss !== null ? [['PSS', pss === null ? notKnown : sizeText(pss)]] : []),
        ...(cgroup === null ? [] : [[`cgroup ${cgroup.path}${others}`, sizeText(cgroup.bytes)]]),
    ];
    return renderTable([{ title: 'WHAT THE KERNEL SAYS' }, { title: 'BYTES', right: true }], rows);
}
