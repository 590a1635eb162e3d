/** A whole explanation as text in two columns, for a terminal and for an editor. */
import { fieldText, notKnownText } from '../factWords';
import type { Memslot } from '../model';
import { pageFacts, type FactLine } from '../pageFacts';
import { queryText, type AddressLookup, type ExplainedLookup } from './addressLookup';
import type { AddressFacts, SentenceSubject } from './explanation';

const subjects: Record<SentenceSubject, string> = {
    owner: 'Owner',
    backing: 'Backing',
    guest: 'The guest sees',
    host: 'The host sees',
    size: 'Guest mapping',
    'private-access': 'Private access',
    'shared-access': 'Shared access',
    exits: 'Last exits',
    changes: 'Last changes',
    holders: 'Holders',
};

const labelWidth = 18;

/** `width`: where lines are broken; none without it. */
export function explanationText(facts: AddressFacts, width?: number): string[] {
    const sentences = facts.sentences.map(({ about, text, source }, i) => {
        const label = facts.sentences[i - 1]?.about === about ? '' : subjects[about];
        return [label, `${text} [${source}]`] as const;
    });
    const lines: readonly FactLine[] = [
        ['GPA', facts.gpa],
        ...(facts.memslot === null ? [] : memslotFacts(facts, facts.memslot)),
        ...pageFacts(facts.run, facts.memslot, facts.doubleBacked, facts.kind),
    ];
    const unknown = facts.unknown.map(({ field, reason }) => ['Not known', `${fieldText(field)}: ${reason}`] as const);
    return [sentences, lines, unknown].filter((part) => part.length > 0).flatMap((part, i) => [...(i === 0 ? [] : ['']), ...part.flatMap((line) => inColumns(line, width))]);
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

function inColumns([label, text]: FactLine, width = Infinity): string[] {
    const lines: string[] = [];
    let line = '';
    for (const word of text.split(' ')) {
        if (line !== '' && labelWidth + line.length + 1 + word.length > width) {
            lines.push(line);
            line = word;
        } else line = line === '' ? word : `${line} ${word}`;
    }
    return [...lines, line].map((each, i) => (i === 0 ? label : '').padEnd(labelWidth) + each);
}

export function lookupText({ lookup, matches }: ExplainedLookup, width?: number): string[] {
    const { steps, places, unknown } = lookup;
    const more = places.length - matches.length;
    return [
        heading(lookup),
        ...steps.map(({ text, source }) => `  ${text} [${source}]`),
        ...unknown.map(({ field, reason }) => `  Not known: ${fieldText(field)}: ${reason}`),
        ...matches.flatMap((facts) => ['', ...explanationText(facts, width)]),
        ...(more > 0 ? ['', `and ${more} further places`] : []),
    ];
}

function heading({ query, places }: AddressLookup): string {
    const [first, ...others] = places;
    if (first === undefined) return `${queryText(query)} leads to no guest physical address that could be found:`;
    return `${queryText(query)} is GPA ${first.gpa}${others.length === 0 ? '' : ` and ${others.length} more`}:`;
}
