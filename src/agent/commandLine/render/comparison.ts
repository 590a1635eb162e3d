/** A comparison of two page maps as a table, line by line: it may be long. */
import type { PageRun } from '../../../common/model';
import type { ComparedRun } from '../../snapshot/compareRuns';
import { ChangeTotals, runOf, type ComparedSide } from '../comparisonJson';
import { escapeText } from './text';
import { copyText, dirtyText, gmemText, guestMappingText, hvaText, obstaclesText, sizeText, unknownText } from './values';

const widths = { gpa: 11, size: 9, slot: 4, changes: 26, before: 36 };

const facts: readonly ((run: PageRun) => string)[] = [
    ({ attribute }) => attribute,
    ({ memslot }) => (memslot === null ? 'no memslot' : `memslot ${memslot}`),
    ({ hvaBacking }) => `HVA ${hvaText(hvaBacking)}`,
    ({ gmemBacking }) => `gmem ${gmemText(gmemBacking)}`,
    ({ scope }) => `decided by ${scope}`,
    ({ guestUses }) => `guest uses ${copyText(guestUses)}`,
    ({ guestMapping }) => `guest maps ${guestMappingText(guestMapping)}`,
    ({ dirty }) => dirtyText(dirty),
    ({ whyNotLarger }) => obstaclesText(whyNotLarger),
];

export function* renderComparison(addressSpace: number, before: ComparedSide, after: ComparedSide, compared: Iterable<ComparedRun>): Generator<string> {
    yield sideText('before', before, addressSpace);
    yield sideText('after', after, addressSpace);
    const totals = new ChangeTotals();
    let isEmpty = true;
    for (const run of compared) {
        if (isEmpty) yield '\n' + line('GPA', 'SIZE', 'SLOT', 'CHANGES', 'BEFORE', 'AFTER');
        isEmpty = false;
        totals.add(run);
        yield runLine(run, runOf(before.runs, run.before, run), runOf(after.runs, run.after, run));
    }
    const sums = totals.list().map(({ change, size }) => `${change} ${sizeText(size)}`);
    yield isEmpty ? '\nNothing changed.\n' : `\n${sums.join(', ')}\n`;
    yield* unknownLines(before, after);
}

/** What is unknown of both for the same reason is told once. */
function* unknownLines(before: ComparedSide, after: ComparedSide): Generator<string> {
    const [was, is] = [before, after].map(({ unknown }) => unknown.map((each) => unknownText([each])));
    for (const text of new Set([...(was ?? []), ...(is ?? [])])) {
        const side = was?.includes(text) !== true ? 'after: ' : is?.includes(text) !== true ? 'before: ' : '';
        yield side + text;
    }
}

function sideText(name: string, { source, vm, takenAt, consistent }: ComparedSide, addressSpace: number): string {
    const mixed = consistent ? '' : '; the VM kept changing while it was read, so this map mixes its states';
    return `${name.padEnd(6)} ${escapeText(source)}: VM ${vm}, address space ${addressSpace}, ${takenAt}${mixed}\n`;
}

/** Of both sides only the facts that differ. */
function runLine({ gfn, pages, changes }: ComparedRun, before: PageRun | null, after: PageRun | null): string {
    const differing = facts.filter((fact) => before === null || after === null || fact(before) !== fact(after));
    const textOf = (run: PageRun | null) => (run === null ? 'nothing' : differing.map((fact) => fact(run)).filter(Boolean).join(', '));
    const slot = (after?.memslot ?? before?.memslot ?? null)?.toString() ?? 'none';
    return line('0x' + (gfn * 4096).toString(16), sizeText('0x' + (pages * 4096).toString(16)), slot, changes.join(' '), textOf(before), textOf(after));
}

function line(gpa: string, size: string, slot: string, changes: string, before: string, after: string): string {
    const left = `${gpa.padStart(widths.gpa)}  ${size.padStart(widths.size)}  ${slot.padStart(widths.slot)}  `;
    return `${left}${changes.padEnd(widths.changes)}  ${before.padEnd(widths.before)}  ${after}`.trimEnd() + '\n';
}
