/**
 * Hover on addresses of a guest's memory in any editor: hex of four digits or more ("0x1000"), or a number of any form after
 * `gpa:` or `gpa=`; as C and Rust write them, too ("0x1000UL", "0xfee0_0000u64"). It speaks of the active VM and is
 * registered only while there is one. A bare number is taken for a guest physical address when a memslot has it, else for a
 * host virtual one when a memslot has that; one marked as GPA is one always.
 */
import * as vscode from 'vscode';
import { parseAddress, toHex, type Hex } from '../common/address';
import type { AddressFacts, SentenceSubject } from '../common/explain/explanation';
import { kindOfNumber } from '../common/explain/typedAddress';
import type { CommandId } from '../common/manifest';
import { linkedCommands, linksOf, pageOf } from './addressLinks';
import { describeAddress } from './addressText';
import type { CommandTarget } from './commandTarget';
import { appendWords } from './displayText';
import { vmLabel } from './trees/memslotText';
import type { ActiveVm, VmStore } from './vmStore';

const addressPattern =
    /(?:(?<=\bgpa\s{0,4}[:=]\s{0,4})(?:0x[0-9a-f]{1,16}|[0-9]{1,20})|\b0x[0-9a-f](?:_?[0-9a-f]){3,15})(?=(?:[ul]{1,3}|_?[ui](?:64|size))?\b)/i;
const marker = /\bgpa\s{0,4}[:=]\s{0,4}$/i;

/** The address that the editor shows at `position`, if it is one of this VM. */
function findAddress(
    document: vscode.TextDocument,
    position: vscode.Position,
    { details }: ActiveVm,
): { readonly kind: 'gpa' | 'hva'; readonly address: Hex; readonly range: vscode.Range } | undefined {
    const range = document.getWordRangeAtPosition(position, addressPattern);
    if (range === undefined) return undefined;
    const value = parseAddress(document.getText(range));
    if (value === undefined) return undefined;
    const before = document.getText(new vscode.Range(range.start.with(undefined, 0), range.start));
    const kind = marker.test(before) ? 'gpa' : kindOfNumber(details, value);
    return kind === null ? undefined : { kind, address: toHex(value), range };
}

/** What is said first: whoever hovers wants the answer, and the facts when it surprises. */
const answers: readonly SentenceSubject[] = ['owner', 'guest', 'private-access', 'shared-access', 'exits'];

function hoverText(active: ActiveVm, facts: AddressFacts, hva: Hex | null): vscode.MarkdownString {
    const text = new vscode.MarkdownString();
    text.isTrusted = { enabledCommands: linkedCommands };
    text.appendMarkdown(hva === null ? `**GPA ${facts.gpa}** · ` : `**HVA ${hva}** is **GPA ${facts.gpa}** · `).appendText(vmLabel(active.details.vm));
    const page: CommandTarget = { vm: active.ref, range: pageOf(facts.gpa) };
    const links = linksOf(facts, active.details.capabilities.attributes.length > 0);
    const link = (label: string, command: CommandId, argument: unknown) => `[${label}](command:${command}?${encodeURIComponent(JSON.stringify([argument]))})`;
    const explain = link(vscode.l10n.t('Explain'), 'guestmem.address.explain', { vm: active.ref, address: `gpa:${facts.gpa}` });
    // A hover is not tall: what stands last is out of sight when there is much to say.
    text.appendMarkdown('\n\n' + [explain, ...links.map(({ label, command }) => link(label, command, page))].join(' · ') + '\n');
    for (const sentence of facts.sentences.filter(({ about }) => answers.includes(about))) {
        text.appendMarkdown('\n\n');
        appendWords(text, sentence.text);
    }
    text.appendMarkdown('\n');
    // Each value may hold a name that the VMM's owner chose: text, never Markdown.
    for (const { label, value } of describeAddress(facts)) {
        text.appendMarkdown('\n- ');
        appendWords(text, `${label}: ${value}`);
    }
    return text;
}

export function registerHover(store: VmStore, log: vscode.LogOutputChannel): vscode.Disposable {
    let registration: vscode.Disposable | undefined;
    const provideHover = async (document: vscode.TextDocument, position: vscode.Position, token: vscode.CancellationToken) => {
        const { active } = store;
        const found = active && findAddress(document, position, active);
        if (active === undefined || found === undefined) return undefined;
        try {
            const agent = store.agentOf(active.ref);
            const vm = active.ref.id;
            const { kind, address } = found;
            const place = kind === 'gpa' ? { addressSpace: 0, gpa: address } : (await agent.request('locate', { vm, query: { kind, hva: address } }, { token })).places[0];
            if (place === undefined) return undefined;
            const facts = await agent.request('explain', { vm, ...place }, { token });
            return new vscode.Hover(hoverText(active, facts, kind === 'hva' ? address : null), found.range);
        } catch (thrown) {
            // A hover is no question of the user's: where there is no answer it stays away, and the log has the reason.
            log.debug(`hover on ${found.address}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
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
