/** The smaller reports for people: explain, doctor. */
import { notKnownText } from '../../../common/factWords';
import type { AddressFacts, DoctorReport, Memslot } from '../../../common/model';
import { pageFacts, type FactLine } from '../../../common/pageFacts';
import { escapeText } from './text';
import { numberText, unknownText } from './values';

export function renderFacts(facts: AddressFacts): string {
    const { memslot, run } = facts;
    const lines: readonly FactLine[] = [
        ['GPA', facts.gpa],
        ...(memslot === null ? [] : memslotFacts(facts, memslot)),
        ...pageFacts(run, memslot, facts.doubleBacked, facts.kind),
    ];
    return lines.map(([label, value]) => `${label.padEnd(18)}${escapeText(value)}\n`).join('') + unknownText(facts.unknown);
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

export function renderDoctor({ checks, ok }: DoctorReport): string {
    const lines = checks.map(
        ({ id, ok: passed, found, fix }) =>
            `${passed ? 'ok     ' : 'MISSING'}  ${id.padEnd(16)} ${escapeText(found)}\n` + (fix === null ? '' : `${' '.repeat(26)}fix: ${escapeText(fix)}\n`),
    );
    const failed = checks.filter((check) => !check.ok).length;
    return lines.join('') + (ok ? 'Everything that Guestmem needs is there.\n' : `${numberText(failed)} of ${checks.length} checks found something missing.\n`);
}
