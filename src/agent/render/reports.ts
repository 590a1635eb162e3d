/** The smaller reports for people: convert, explain, doctor. */
import {
    attributeText,
    dirtyText,
    doubleBackedText,
    gmemText,
    guestMappingText,
    guestUsesText,
    hvaText,
    kindText,
    notKnownText,
    rightsText,
    whyNotLargerText,
} from '../../common/factWords';
import type { AddressFacts, ConvertReport, DoctorReport, Memslot } from '../../common/model';
import { escapeText } from './text';
import { numberText, sizeText, unknownText } from './values';

export function renderConversion(report: ConvertReport): string {
    const { pagesChanged, pagesAlready, to, range, dryRun } = report;
    if (pagesChanged === 0) return `Nothing to change: all ${pagesAlready} pages of ${range} are ${to} already.\n`;
    const verb = dryRun ? 'Would convert' : 'Converted';
    const lines = [
        `${verb} ${pagesChanged} pages of ${range} to ${to}; ${pagesAlready} are already.`,
        dryRun
            ? 'The VMM would be stopped for a moment to execute KVM_SET_MEMORY_ATTRIBUTES inside it (executor: inject).'
            : `A thread of the VMM was held for ${report.stoppedMicroseconds} µs.`,
        ...report.warnings.map((warning) => `warning: ${escapeText(warning)}`),
    ];
    return lines.join('\n') + '\n';
}

export function renderFacts(facts: AddressFacts): string {
    const { memslot, run } = facts;
    const lines: (readonly [label: string, value: string])[] = [
        ['GPA', facts.gpa],
        ['Kind', kindText(facts.kind)],
        ['Attribute', attributeText(run)],
        ...(memslot === null ? [] : memslotLines(facts, memslot)),
        ['The same in', `${run.gpa}+${run.size} (${sizeText(run.size)})`],
    ];
    const said = lines.filter(([, value]) => value !== '');
    return said.map(([label, value]) => `${label.padEnd(18)}${escapeText(value)}\n`).join('') + unknownText(facts.unknown);
}

/** A line whose value is empty is left out. */
function memslotLines({ hva, guestMemfd, run, ...facts }: AddressFacts, memslot: Memslot): [label: string, value: string][] {
    const { backing, flags } = memslot;
    return [
        ['Memslot', [memslot.id, `${memslot.gpa}+${memslot.size}`, ...(memslot.internal ? ['made by KVM itself'] : []), ...flags].join(', ')],
        ['HVA', hva ?? 'none'],
        ['Backing', backing === null ? notKnownText : [backing.kind, backing.path ?? ''].join(' ').trim()],
        ['HVA side', hvaText(run.hvaBacking)],
        ['guest_memfd', guestMemfd === null ? '' : `fd ${guestMemfd.fd}, inode ${guestMemfd.inode}, offset ${guestMemfd.offset}`],
        ['guest_memfd side', gmemText(run.gmemBacking)],
        ['Double-backed', doubleBackedText({ doubleBacked: facts.doubleBacked, run })],
        ['The guest uses', guestUsesText(run)],
        ['Rights', rightsText(memslot, run)],
        ['Guest mapping', guestMappingText(run.guestMapping)],
        ['Why not larger', whyNotLargerText(run)],
        ['Dirty', dirtyText(run.dirty)],
    ];
}

export function renderDoctor({ checks, ok }: DoctorReport): string {
    const lines = checks.map(
        ({ id, ok: passed, found, fix }) =>
            `${passed ? 'ok     ' : 'MISSING'}  ${id.padEnd(16)} ${escapeText(found)}\n` + (fix === null ? '' : `${' '.repeat(26)}fix: ${escapeText(fix)}\n`),
    );
    const failed = checks.filter((check) => !check.ok).length;
    return lines.join('') + (ok ? 'Everything that Guestmem needs is there.\n' : `${numberText(failed)} of ${checks.length} checks found something missing.\n`);
}
