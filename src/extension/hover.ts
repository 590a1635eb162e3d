/**
 * Hover on guest physical addresses in any editor: hex of four digits or more ("0x1000"), or a number of any form after
 * `gpa:` or `gpa=`; as C and Rust write them, too ("0x1000UL", "0xfee0_0000u64"). It speaks of the active VM and is registered only while there is one. A bare number is taken for an
 * address when a memslot holds it; one marked as GPA always.
 */
import * as vscode from 'vscode';
import { parseAddress, parseHex, toHex, type Hex } from '../common/address';
import type { CommandId } from '../common/manifest';
import type { AddressFacts } from '../common/model';
import { describeAddress } from './addressText';
import type { CommandTarget } from './commandTarget';
import { appendWords } from './displayText';
import { vmLabel } from './trees/memslotText';
import type { ActiveVm, VmStore } from './vmStore';

const addressPattern =
    /(?:(?<=\bgpa\s{0,4}[:=]\s{0,4})(?:0x[0-9a-f]{1,16}|[0-9]{1,20})|\b0x[0-9a-f](?:_?[0-9a-f]){3,15})(?=(?:[ul]{1,3}|_?[ui](?:64|size))?\b)/i;
const marker = /\bgpa\s{0,4}[:=]\s{0,4}$/i;

const linkedCommands = [
    'guestmem.map.show',
    'guestmem.memory.read',
    'guestmem.memory.convertToPrivate',
    'guestmem.memory.convertToShared',
] as const satisfies readonly CommandId[];

/** The address that the editor shows at `position`, if it is one of this VM. */
function findAddress(
    document: vscode.TextDocument,
    position: vscode.Position,
    { details }: ActiveVm,
): { readonly gpa: Hex; readonly range: vscode.Range } | undefined {
    const range = document.getWordRangeAtPosition(position, addressPattern);
    if (range === undefined) return undefined;
    const value = parseAddress(document.getText(range));
    if (value === undefined) return undefined;
    const before = document.getText(new vscode.Range(range.start.with(undefined, 0), range.start));
    const isMemory = details.addressSpaces
        .find(({ id }) => id === 0)
        ?.memslots.some(({ gpa, size }) => {
            const start = parseHex(gpa) ?? 0n;
            return value >= start && value < start + (parseHex(size) ?? 0n);
        });
    return marker.test(before) || isMemory === true ? { gpa: toHex(value), range } : undefined;
}

function hoverText(active: ActiveVm, facts: AddressFacts): vscode.MarkdownString {
    const text = new vscode.MarkdownString();
    text.isTrusted = { enabledCommands: linkedCommands };
    text.appendMarkdown(`**GPA ${facts.gpa}** · `).appendText(vmLabel(active.details.vm));
    const page: CommandTarget = { vm: active.ref, range: pageOf(facts.gpa) };
    const other = facts.run.attribute === 'private' ? 'guestmem.memory.convertToShared' : 'guestmem.memory.convertToPrivate';
    const links: readonly (readonly [string, (typeof linkedCommands)[number]])[] = [
        [vscode.l10n.t('Show on Map'), 'guestmem.map.show'],
        ...(facts.memslot === null ? [] : [[vscode.l10n.t('Read Memory…'), 'guestmem.memory.read'] as const]),
        ...(active.details.capabilities.attributes.length === 0
            ? []
            : [[other.endsWith('Shared') ? vscode.l10n.t('Convert to Shared…') : vscode.l10n.t('Convert to Private…'), other] as const]),
    ];
    const argument = encodeURIComponent(JSON.stringify([page]));
    // A hover is not tall: what stands last is out of sight when there is much to say.
    text.appendMarkdown('\n\n' + links.map(([label, command]) => `[${label}](command:${command}?${argument})`).join(' · ') + '\n');
    // Each value may hold a name that the VMM's owner chose: text, never Markdown.
    for (const { label, value } of describeAddress(facts)) {
        text.appendMarkdown('\n- ');
        appendWords(text, `${label}: ${value}`);
    }
    return text;
}

/** The page that holds the address, as a range. */
export function pageOf(gpa: Hex): { readonly gpa: Hex; readonly size: Hex } {
    return { gpa: toHex((parseHex(gpa) ?? 0n) & ~0xfffn), size: '0x1000' };
}

export function registerHover(store: VmStore, log: vscode.LogOutputChannel): vscode.Disposable {
    let registration: vscode.Disposable | undefined;
    const provideHover = async (document: vscode.TextDocument, position: vscode.Position, token: vscode.CancellationToken) => {
        const { active } = store;
        const found = active && findAddress(document, position, active);
        if (active === undefined || found === undefined) return undefined;
        try {
            const parameters = { vm: active.ref.id, addressSpace: 0, gpa: found.gpa };
            const facts = await store.agentOf(active.ref).request('explain', parameters, { token });
            return new vscode.Hover(hoverText(active, facts), found.range);
        } catch (thrown) {
            // A hover is no question of the user's: where there is no answer it stays away, and the log has the reason.
            log.debug(`hover on ${found.gpa}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
            return undefined;
        }
    };
    const update = () => {
        if (store.active === undefined) {
            registration?.dispose();
            registration = undefined;
        } else {
            registration ??= vscode.languages.registerHoverProvider('*', { provideHover });
        }
    };
    update();
    return vscode.Disposable.from(store.onDidChange(update), {
        dispose: () => {
            registration?.dispose();
        },
    });
}
