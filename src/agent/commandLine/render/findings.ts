/** Findings for people: each with why it matters, where it is, and the one thing that helps. */
import type { Finding, FindingList } from '../../../common/finding';
import { escapeText } from './text';
import { unknownText } from './values';

export function renderFindings({ findings, unknown }: FindingList): string {
    const texts = findings.map(findingText);
    return (texts.length === 0 ? 'Nothing found.\n' : texts.join('\n')) + unknownText(unknown);
}

/** Ranges in a line; --json has up to a hundred. */
const mostRanges = 4;
const labelWidth = 13;
const lineWidth = 120;

export function findingText({ severity, title, explanation, action, ranges, guestMemfd }: Finding): string {
    const inFile = (guestMemfd?.ranges ?? []).map(({ offset, size }) => `${offset}+${size}`);
    return [
        `${severity.padEnd(labelWidth)}${title}`,
        ...wrapped(explanation),
        ...listed('where', ranges.map(({ gpa, size }) => `${gpa}+${size}`)),
        ...listed(`in file`, inFile),
        ...wrapped(action.text, 'what helps'),
        ...(action.command === null ? [] : [`${' '.repeat(labelWidth)}$ ${action.command}`]),
    ]
        .map((line) => `${escapeText(line)}\n`)
        .join('');
}

function listed(label: string, texts: readonly string[]): string[] {
    if (texts.length === 0) return [];
    const rest = texts.length - mostRanges;
    return [label.padEnd(labelWidth) + texts.slice(0, mostRanges).join(', ') + (rest > 0 ? ` and ${rest} more` : '')];
}

/** Lines of whole words, below a label. */
function wrapped(text: string, label = ''): string[] {
    const lines: string[] = [];
    let line = label.padEnd(labelWidth - 1);
    for (const word of text.split(' ')) {
        if (line.length + 1 + word.length > lineWidth) {
            lines.push(line);
            line = ' '.repeat(labelWidth - 1);
        }
        line += ` ${word}`;
    }
    return [...lines, line];
}
