/** Where one can go on from an explained address: the same in the hover and on the page. */
import * as vscode from 'vscode';
import { parseHex, toHex, type Hex } from '../common/address';
import type { CommandId } from '../common/manifest';
import type { AddressFacts } from '../common/explain/explanation';

export const linkedCommands = [
    'guestmem.address.explain',
    'guestmem.map.show',
    'guestmem.memory.read',
    'guestmem.memory.convertToPrivate',
    'guestmem.memory.convertToShared',
] as const satisfies readonly CommandId[];
type LinkedCommand = (typeof linkedCommands)[number];

/** The page that holds the address, as a range. */
export function pageOf(gpa: Hex): { readonly gpa: Hex; readonly size: Hex } {
    return { gpa: toHex((parseHex(gpa) ?? 0n) & ~0xfffn), size: '0x1000' };
}

export function linksOf(facts: AddressFacts, canConvert: boolean): { readonly label: string; readonly command: LinkedCommand }[] {
    const { l10n } = vscode;
    const convert =
        facts.run.attribute === 'private'
            ? { label: l10n.t('Convert to Shared…'), command: 'guestmem.memory.convertToShared' as const }
            : { label: l10n.t('Convert to Private…'), command: 'guestmem.memory.convertToPrivate' as const };
    return [
        { label: l10n.t('Show on Map'), command: 'guestmem.map.show' },
        ...(facts.memslot === null ? [] : [{ label: l10n.t('Read Memory…'), command: 'guestmem.memory.read' as const }]),
        ...(canConvert ? [convert] : []),
    ];
}
