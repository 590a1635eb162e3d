/** The smaller reports for people: convert, explain, doctor. */
import type { AddressFacts, ConvertReport, DoctorReport } from '../../common/model';
import { escapeText } from './text';
import { dirtyText, gmemText, guestMappingText, hvaText, numberText, sizeText, unknownText } from './values';

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
    const { memslot, run, guestMemfd } = facts;
    const lines: [string, string][] = [
        ['GPA', facts.gpa],
        [
            'Memslot',
            memslot === null
                ? 'none'
                : `${memslot.id}, ${memslot.gpa}+${memslot.size}${memslot.flags.length > 0 ? `, ${memslot.flags.join(' ')}` : ''}`,
        ],
        ['HVA', facts.hva ?? 'none'],
        ['Backing', memslot === null ? 'none' : [memslot.backing?.kind ?? '?', memslot.backing?.path ?? ''].join(' ').trim()],
        ['guest_memfd', guestMemfd === null ? 'none' : `fd ${guestMemfd.fd}, inode ${guestMemfd.inode}, offset ${guestMemfd.offset}`],
        ['Attribute', `${run.attribute}, decided by ${run.scope === 'vm' ? 'the VM' : run.scope === 'none' ? 'nobody' : 'the guest_memfd'}`],
        ['HVA side', hvaText(run.hvaBacking)],
        ['guest_memfd side', gmemText(run.gmemBacking)],
        ['Guest mapping', guestMappingText(run.guestMapping)],
        ['Dirty', dirtyText(run.dirty)],
        ['Double-backed', facts.doubleBacked ? 'yes' : 'no'],
        ['The same in', `${run.gpa}+${run.size} (${sizeText(run.size)})`],
    ];
    return lines.map(([label, value]) => `${label.padEnd(18)}${escapeText(value)}\n`).join('') + unknownText(facts.unknown);
}

export function renderDoctor({ checks, ok }: DoctorReport): string {
    const lines = checks.map(
        ({ id, ok: passed, found, fix }) =>
            `${passed ? 'ok     ' : 'MISSING'}  ${id.padEnd(16)} ${escapeText(found)}\n` + (fix === null ? '' : `${' '.repeat(26)}fix: ${escapeText(fix)}\n`),
    );
    const failed = checks.filter((check) => !check.ok).length;
    return lines.join('') + (ok ? 'Everything that Guestmem needs is there.\n' : `${numberText(failed)} of ${checks.length} checks found something missing.\n`);
}
