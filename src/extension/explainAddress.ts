/**
 * Command guestmem.address.explain: everything known about one guest physical address, as a list; picking a fact copies
 * it, the last entries lead on. From the palette it asks for the address; in the debugger's Variables menu it takes the
 * variable's value, since VS Code hides hovers while a debugger is stopped.
 */
import * as vscode from 'vscode';
import { parseAddress, parseHex, toHex, type Hex } from '../common/address';
import { errors } from '../common/errors';
import type { CommandId } from '../common/manifest';
import type { AddressFacts } from '../common/model';
import { resolveVm } from './activeVm';
import { describeAddress } from './addressText';
import { parseTarget, type CommandTarget } from './commandTarget';
import type { CommandBoundary } from './commandBoundary';
import { pageOf } from './hover';
import { vmLabel } from './trees/memslotText';
import { withSlowProgress } from './slowProgress';
import type { ActiveVm, VmStore } from './vmStore';

/** The number in a debugger's rendering of a value: "4096", "0x1000", "{gpa = 0x1000}", "4096 (0x1000)". */
function addressOfVariable(argument: unknown): { readonly text: string; readonly gpa: Hex | undefined } | undefined {
    const variable = (argument as { variable?: { value?: unknown } } | undefined)?.variable;
    if (typeof variable?.value !== 'string') return undefined;
    const text = variable.value.slice(0, 200);
    const number = /0x[0-9a-f]{1,16}\b/i.exec(text)?.[0] ?? /\b[0-9]{1,20}\b/.exec(text)?.[0];
    const value = number === undefined ? undefined : parseAddress(number);
    return { text, gpa: value === undefined ? undefined : toHex(value) };
}

function wordAtCursor(): string | undefined {
    const editor = vscode.window.activeTextEditor;
    const range = editor?.document.getWordRangeAtPosition(editor.selection.active, /\b(?:0x[0-9a-f](?:_?[0-9a-f]){0,15}|[0-9]{4,20})(?=(?:[ul]{1,3}|_?[ui](?:64|size))?\b)/i);
    return range === undefined ? undefined : editor?.document.getText(range);
}

async function askAddress(): Promise<Hex | undefined> {
    const { l10n } = vscode;
    const text = await vscode.window.showInputBox({
        title: l10n.t('Explain Address'),
        prompt: l10n.t('A guest physical address, hex with 0x or decimal'),
        placeHolder: '0x1000',
        value: wordAtCursor() ?? '',
        validateInput: (typed) =>
            parseAddress(typed) === undefined ? l10n.t('Not an address: write hex with 0x, or decimal digits, up to 64 bits.') : undefined,
    });
    const value = text === undefined ? undefined : parseAddress(text);
    return value === undefined ? undefined : toHex(value);
}

async function addressOf(argument: unknown): Promise<Hex | undefined> {
    const { range } = parseTarget(argument);
    if (range !== undefined) return range.gpa;
    const variable = addressOfVariable(argument);
    if (variable === undefined) return askAddress();
    if (variable.gpa === undefined) {
        throw errors.usage(vscode.l10n.t("The variable's value holds no address: {0}", variable.text));
    }
    return variable.gpa;
}

interface Choice extends vscode.QuickPickItem {
    readonly apply?: () => Thenable<unknown>;
}

async function present(active: ActiveVm, facts: AddressFacts): Promise<void> {
    const { l10n } = vscode;
    const target: CommandTarget = { vm: active.ref, range: pageOf(facts.gpa) };
    const leadTo = (label: string, command: CommandId): Choice => ({
        label,
        apply: () => vscode.commands.executeCommand(command, target),
    });
    const choices: Choice[] = [
        ...describeAddress(facts).map(({ label, value }) => ({
            label,
            description: value,
            apply: () => vscode.env.clipboard.writeText(value),
        })),
        { label: '', kind: vscode.QuickPickItemKind.Separator },
        leadTo(`$(map) ${l10n.t('Show on Map')}`, 'guestmem.map.show'),
        ...(facts.memslot === null ? [] : [leadTo(`$(file-binary) ${l10n.t('Read Memory…')}`, 'guestmem.memory.read')]),
    ];
    const chosen = await vscode.window.showQuickPick(choices, {
        title: l10n.t('GPA {0} in {1}', facts.gpa, vmLabel(active.details.vm)),
        placeHolder: l10n.t('Pick a fact to copy it'),
        matchOnDescription: true,
    });
    await chosen?.apply?.();
}

async function explain(store: VmStore, argument: unknown): Promise<AddressFacts | undefined> {
    const gpa = await addressOf(argument);
    if (gpa === undefined || parseHex(gpa) === undefined) return undefined;
    const active = await resolveVm(store, parseTarget(argument));
    const facts = await withSlowProgress(vscode.l10n.t('Explaining {0}', gpa), (token) =>
        store.agentOf(active.ref).request('explain', { vm: active.ref.id, addressSpace: 0, gpa }, { token }),
    );
    void present(active, facts);
    return facts;
}

/** The command's result are the facts, for other extensions. */
export function registerExplainAddress(store: VmStore, boundary: CommandBoundary): vscode.Disposable {
    return boundary.register('guestmem.address.explain', (argument) => explain(store, argument));
}
