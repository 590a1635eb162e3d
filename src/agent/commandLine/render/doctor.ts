/** Doctor's report for people. */
import type { DoctorReport } from '../../../common/model';
import { escapeText } from './text';
import { numberText } from './values';

export function renderDoctor({ checks, ok }: DoctorReport): string {
    const lines = checks.map(
        ({ id, ok: passed, found, fix }) =>
            `${passed ? 'ok     ' : 'MISSING'}  ${id.padEnd(16)} ${escapeText(found)}\n` + (fix === null ? '' : `${' '.repeat(26)}fix: ${escapeText(fix)}\n`),
    );
    const failed = checks.filter((check) => !check.ok).length;
    return lines.join('') + (ok ? 'Everything that Guestmem needs is there.\n' : `${numberText(failed)} of ${checks.length} checks found something missing.\n`);
}
