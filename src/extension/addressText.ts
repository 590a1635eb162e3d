/** What is known about one guest physical address, as lines for the hover and for Explain Address. */
import * as vscode from 'vscode';
import type { AddressFacts, Attribute, AttributeScope, GmemBacking, GuestMapping, HvaBacking, Unknown } from '../common/model';
import { displaySize } from './displayText';
import { add, backingText, memslotLabel, memslotTraits } from './memslotText';

interface FactLine {
    readonly label: string;
    readonly value: string;
}

export const attributeText = (attribute: Attribute): string =>
    attribute === 'private' ? vscode.l10n.t('private') : vscode.l10n.t('shared');

function scopeText(scope: AttributeScope): string {
    switch (scope) {
        case 'vm':
            return vscode.l10n.t('decided by the VM');
        case 'guest_memfd':
            return vscode.l10n.t('decided by the guest_memfd');
        case 'none':
            return vscode.l10n.t('this VM has no private memory');
    }
}

function hvaBackingText(backing: HvaBacking): string {
    const { l10n } = vscode;
    switch (backing.state) {
        case 'none':
            return l10n.t('none');
        case 'absent':
            return l10n.t('no page yet');
        case 'swapped':
            return l10n.t('swapped out');
        case 'zero':
            return l10n.t('the zero page');
        case null:
            return l10n.t('not known');
        case 'present': {
            const size = backing.pageSize === null ? '' : `${backing.pageSize}, `;
            return size + (backing.mapped ? l10n.t('present, mapped by the VMM') : l10n.t('present, not mapped by the VMM'));
        }
    }
}

function gmemBackingText({ state }: GmemBacking): string {
    const { l10n } = vscode;
    switch (state) {
        case 'none':
            return l10n.t('none');
        case 'absent':
            return l10n.t('no page yet');
        case 'allocated':
            return l10n.t('allocated, not yet prepared');
        case 'prepared':
            return l10n.t('allocated and prepared');
        case null:
            return l10n.t('not known');
    }
}

function guestMappingText({ level, writable }: GuestMapping): string {
    const { l10n } = vscode;
    if (level === 'none') return l10n.t('not mapped: the next access by the guest faults into KVM');
    return `${level}, ${writable ? l10n.t('writable') : l10n.t('read-only')}`;
}

const lacksPageSize = (backing: HvaBacking) => backing.state === 'present' && backing.pageSize === null;

/** Says nothing of what it would not say if it were known. */
export function describeAddress(facts: AddressFacts): FactLine[] {
    const { l10n } = vscode;
    const { memslot, run, guestMemfd } = facts;
    const line = (label: string, value: string): FactLine => ({ label, value });
    const attribute = line(l10n.t('Attribute'), `${attributeText(run.attribute)} (${scopeText(run.scope)})`);
    const isSaid = ({ field }: Unknown) =>
        field !== 'dirty' && (field !== 'hvaBacking.pageSize' || lacksPageSize(run.hvaBacking));
    const notKnown = facts.unknown.filter(isSaid).map(({ field, reason }) => line(l10n.t('Not known'), `${field}: ${reason}`));
    if (memslot === null) {
        return [line(l10n.t('Memory slot'), l10n.t('none: an access by the guest exits to the VMM')), attribute, ...notKnown];
    }
    return [
        line(
            l10n.t('Memory slot'),
            [memslotLabel(memslot), `${memslot.gpa} – ${add(memslot.gpa, memslot.size)}`, ...memslotTraits(memslot)].join(', '),
        ),
        attribute,
        line(l10n.t('HVA'), `${facts.hva ?? l10n.t('not known')} (${backingText(memslot)})`),
        line(l10n.t('HVA page'), hvaBackingText(run.hvaBacking)),
        ...(guestMemfd === null
            ? []
            : [line('guest_memfd', l10n.t('fd {0}, offset {1}', guestMemfd.fd, guestMemfd.offset))]),
        ...(run.gmemBacking.state === 'none' ? [] : [line(l10n.t('guest_memfd page'), gmemBackingText(run.gmemBacking))]),
        ...(run.guestMapping === null ? [] : [line(l10n.t('Guest mapping'), guestMappingText(run.guestMapping))]),
        ...(run.dirty === null ? [] : [line(l10n.t('Dirty'), run.dirty ? l10n.t('yes, in the dirty log') : l10n.t('no'))]),
        ...(facts.doubleBacked
            ? [line(l10n.t('Double-backed'), l10n.t('both sides hold a page of their own; the guest uses one of them'))]
            : []),
        line(l10n.t('Same state'), `${run.gpa} – ${add(run.gpa, run.size)} (${displaySize(run.size)})`),
        ...notKnown,
    ];
}
