/** Bars on one scale: what the guest was given, what the host gives for it part by part, and the kernel's own figures. */
import { formatSize, type Hex } from '../../common/address';
import { accountSentence, bytesOf, partTexts } from '../../common/accountWords';
import type { AccountEntry, MemoryAccount } from '../../common/memoryAccount';
import { element } from '../dom';
import { t } from '../l10n';

/** Of the whole bar; a narrower part has no room for a label. */
const leastLabelled = 0.1;

/** How a part looks, in the bar and in the table: a colour and a pattern of its own. */
export const swatchOf = ({ part }: Pick<AccountEntry, 'part'>): HTMLElement => element('span', `swatch look-${part}`);

export function scaleBars(account: MemoryAccount): HTMLElement {
    const { guestMemory, total, entries, kernel } = account;
    const figures = [guestMemory, total, kernel.rss, kernel.pss].map((size) => Number(size === null ? 0n : bytesOf(size)));
    const scale = Math.max(1, ...figures);
    const line = (label: string, size: Hex | null, bar: HTMLElement) => [
        element('span', 'label', label),
        element('span', 'track', bar),
        element('span', 'size', size === null ? '?' : formatSize(bytesOf(size))),
    ];
    const plain = (label: string, size: Hex | null) => (size === null ? [] : line(label, size, sized(element('span', 'bar plain'), Number(bytesOf(size)) / scale)));
    const stack = sized(element('span', 'bar stack', ...entries.map((entry) => segment(entry, Number(bytesOf(total)), scale)).filter((made) => made !== null)), Number(bytesOf(total)) / scale);
    const bars = element(
        'div',
        'bars',
        ...plain(t('The guest has'), guestMemory),
        ...line(t('The host gives'), total, stack),
        ...plain(t('of that, RSS'), kernel.rss),
        ...plain(t('PSS'), kernel.pss),
    );
    bars.setAttribute('role', 'img');
    bars.setAttribute('aria-label', accountSentence(account));
    return bars;
}

function segment(entry: AccountEntry, total: number, scale: number): HTMLElement | null {
    const bytes = Number(bytesOf(entry.bytes));
    if (bytes === 0) return null;
    const { label, meaning } = partTexts[entry.part];
    const words = bytes / scale < leastLabelled ? [] : [element('span', 'words', t(label))];
    const made = element('span', `segment look-${entry.part}`, ...words);
    made.title = `${t(label)}: ${formatSize(BigInt(bytes))}\n${t(meaning)}`;
    return sized(made, bytes / total);
}

function sized(made: HTMLElement, part: number): HTMLElement {
    made.style.width = `${part * 100}%`;
    return made;
}
