/** An explained address for people: first the sentences, then the facts that they rest on. */
import { queryText, type AddressLookup, type ExplainedLookup } from '../../../common/explain/addressLookup';
import type { Sentence } from '../../../common/explain/explanation';
import { notKnownText } from '../../../common/factWords';
import type { AddressFacts, Memslot } from '../../../common/model';
import { pageFacts, type FactLine } from '../../../common/pageFacts';
import { escapeText } from './text';
import { unknownText } from './values';

export function renderFacts(facts: AddressFacts): string {
    const { memslot, run } = facts;
    const lines: readonly FactLine[] = [
        ['GPA', facts.gpa],
        ...(memslot === null ? [] : memslotFacts(facts, memslot)),
        ...pageFacts(run, memslot, facts.doubleBacked, facts.kind),
    ];
    const table = lines.map(([label, value]) => `${label.padEnd(18)}${escapeText(value)}\n`).join('');
    return facts.sentences.map(renderSentence).join('') + '\n' + table + unknownText(facts.unknown);
}

const renderSentence = ({ text, source }: Sentence): string => `${escapeText(text)} [${escapeText(source)}]\n`;

export function renderLookup({ lookup, matches }: ExplainedLookup): string {
    const { steps, places, unknown } = lookup;
    const more = places.length - matches.length;
    return [
        `${heading(lookup)}\n`,
        ...steps.map(({ text, source }) => `  ${escapeText(text)} [${escapeText(source)}]\n`),
        unknownText(unknown),
        ...matches.map((facts) => `\n${renderFacts(facts)}`),
        ...(more > 0 ? [`\nand ${more} further places\n`] : []),
    ].join('');
}

function heading({ query, places }: AddressLookup): string {
    const [first, ...others] = places;
    if (first === undefined) return `${queryText(query)} leads to no guest physical address that could be found:`;
    return `${queryText(query)} is GPA ${first.gpa}${others.length === 0 ? '' : ` and ${others.length} more`}:`;
}

function memslotFacts({ hva, guestMemfd }: AddressFacts, { backing, ...memslot }: Memslot): FactLine[] {
    const traits = [...memslot.flags, ...(memslot.gmemOnly ? ['gmem-only'] : []), ...(memslot.internal ? ['internal'] : [])];
    const lines: FactLine[] = [
        ['Memslot', [memslot.id, `${memslot.gpa}+${memslot.size}`, ...traits].join(', ')],
        ['HVA', hva ?? 'none'],
        ['Backing', backing === null ? notKnownText : [backing.kind, backing.path ?? ''].join(' ').trim()],
    ];
    if (guestMemfd === null) return lines;
    const { fd, inode, offset } = guestMemfd;
    return [...lines, ['guest_memfd', `${fd < 0 ? 'no fd open' : `fd ${fd}`}, inode ${inode}, offset ${offset}`]];
}

