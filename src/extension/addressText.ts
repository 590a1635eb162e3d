/** What is known about one guest physical address, as lines for the hover and for Explain Address. */
import * as vscode from 'vscode';
import { fieldText, isNotKept } from '../common/factWords';
import type { AddressFacts } from '../common/explain/explanation';
import type { Attribute, HvaBacking, Unknown } from '../common/model';
import { pageFacts } from '../common/pageFacts';
import { backingText, guestMemfdText, memslotLabel, memslotTraits, rangeText } from './trees/memslotText';

interface FactLine {
    readonly label: string;
    readonly value: string;
}

export const attributeText = (attribute: Attribute): string =>
    attribute === 'private' ? vscode.l10n.t('private') : vscode.l10n.t('shared');

const lacksPageSize = (backing: HvaBacking) => backing.state === 'present' && backing.pageSize === null;

/** Says nothing of what it would not say if it were known. */
export function describeAddress(facts: AddressFacts): FactLine[] {
    const { l10n } = vscode;
    const { memslot, run, guestMemfd } = facts;
    const line = (label: string, value: string): FactLine => ({ label, value });
    const isSaid = (unknown: Unknown) =>
        !isNotKept(unknown) && (unknown.field !== 'hvaBacking.pageSize' || lacksPageSize(run.hvaBacking));
    return [
        ...(memslot === null
            ? []
            : [
                  line(l10n.t('Memory slot'), [memslotLabel(memslot), rangeText(memslot), ...memslotTraits(memslot)].join(', ')),
                  line(l10n.t('HVA'), `${facts.hva ?? l10n.t('not known')} (${backingText(memslot)})`),
              ]),
        ...(guestMemfd === null ? [] : [line('guest_memfd', guestMemfdText(guestMemfd))]),
        ...pageFacts(run, memslot, facts.doubleBacked, facts.kind).map(([label, words]) => line(l10n.t(label), words)),
        ...facts.unknown.filter(isSaid).map(({ field, reason }) => line(l10n.t('Not known'), `${fieldText(field)}: ${reason}`)),
    ];
}
