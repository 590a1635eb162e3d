/** `guestmem explain`: of a guest physical address its facts; of another one first where it leads. */
import { toHex } from '../../common/address';
import { errors } from '../../common/errors';
import { mostExplained, type AddressQuery, type ExplainedLookup } from '../../common/explain/addressLookup';
import { explanationText, lookupText } from '../../common/explain/explanationText';
import type { AddressFacts } from '../../common/explain/explanation';
import { escapeText } from './render/text';
import { address, printReport, wholeNumber, type AddressOptions, type VerbContext } from './verbs';

export interface ExplainOptions extends AddressOptions {
    readonly hva?: true;
    readonly gva?: true;
    readonly vcpu?: string;
    readonly guestMemfd?: string;
    readonly pfn?: true;
}

export async function explainVerb({ handlers, pace }: VerbContext, vm: string, text: string, options: ExplainOptions): Promise<void> {
    const query = queryOf(text, options);
    if (query === null) {
        const params = { vm, addressSpace: wholeNumber(options.addressSpace, 'address space'), gpa: toHex(address(text)) };
        await printReport(await handlers.explain(params, pace), options, (facts) => inLines(explanationText(facts)));
        return;
    }
    const lookup = await handlers.locate({ vm, query }, pace);
    const matches: AddressFacts[] = [];
    for (const place of lookup.places.slice(0, mostExplained)) matches.push(await handlers.explain({ vm, ...place }, pace));
    const explained: ExplainedLookup = { lookup, matches };
    await printReport(explained, options, (report) => inLines(lookupText(report)));
}

const inLines = (lines: readonly string[]): string => lines.map((line) => `${escapeText(line)}\n`).join('');

/** Null: it is guest physical. */
function queryOf(text: string, { hva, gva, vcpu, guestMemfd, pfn }: ExplainOptions): AddressQuery | null {
    if (vcpu !== undefined && gva === undefined) throw errors.usage('--vcpu names whose page tables --gva means: give both.');
    if (hva === true) return { kind: 'hva', hva: toHex(address(text, 'host virtual address')) };
    if (gva === true) return { kind: 'gva', gva: toHex(address(text, 'guest virtual address')), vcpu: wholeNumber(vcpu ?? '0', 'vCPU') };
    if (guestMemfd !== undefined) {
        const inode = Number(address(guestMemfd, 'inode of a guest_memfd'));
        return { kind: 'guest-memfd', inode, offset: toHex(address(text, 'offset')) };
    }
    return pfn === true ? { kind: 'pfn', pfn: toHex(address(text, 'page frame number')) } : null;
}
