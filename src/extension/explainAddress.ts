/**
 * Command guestmem.address.explain: everything known about one address, as a page. From the palette it asks for the
 * address; in the debugger's Variables menu it takes the variable's value, since VS Code hides hovers while a debugger is
 * stopped.
 */
import * as vscode from 'vscode';
import { parseTypedAddress, settleNumber, type TypedAddress } from '../common/explain/typedAddress';
import { errors } from '../common/errors';
import { explainScheme } from '../common/manifest';
import type { AddressFacts } from '../common/explain/explanation';
import { resolveVm } from './activeVm';
import { parseTarget } from './commandTarget';
import type { CommandBoundary } from './commandBoundary';
import { ExplainDocuments } from './explainDocuments';
import type { VmStore } from './vmStore';

/** The number in a debugger's rendering of a value: "4096", "0x1000", "{gpa = 0x1000}", "4096 (0x1000)". */
function addressOfVariable(argument: unknown): { readonly text: string; readonly address: TypedAddress | undefined } | undefined {
    const variable = (argument as { variable?: { value?: unknown } } | undefined)?.variable;
    if (typeof variable?.value !== 'string') return undefined;
    const text = variable.value.slice(0, 200);
    const number = /0x[0-9a-f]{1,16}\b/i.exec(text)?.[0] ?? /\b[0-9]{1,20}\b/.exec(text)?.[0];
    return { text, address: number === undefined ? undefined : parseTypedAddress(number) };
}

function wordAtCursor(): string | undefined {
    const editor = vscode.window.activeTextEditor;
    const range = editor?.document.getWordRangeAtPosition(editor.selection.active, /\b(?:0x[0-9a-f](?:_?[0-9a-f]){0,15}|[0-9]{4,20})(?=(?:[ul]{1,3}|_?[ui](?:64|size))?\b)/i);
    return range === undefined ? undefined : editor?.document.getText(range);
}

async function askAddress(): Promise<TypedAddress | undefined> {
    const { l10n } = vscode;
    const text = await vscode.window.showInputBox({
        title: l10n.t('Explain Address'),
        prompt: l10n.t('Guest physical; or hva:0x…, gva:0x… (gva/1: of vCPU 1), gmem/INODE:0x… (offset in a guest_memfd), pfn:0x…'),
        placeHolder: '0x1000',
        value: wordAtCursor() ?? '',
        validateInput: (typed) =>
            parseTypedAddress(typed) === undefined ? l10n.t('Not an address: write hex with 0x or decimal digits, up to 64 bits, with hva:, gva:, gmem/INODE: or pfn: before it if it is not guest physical.') : undefined,
    });
    return text === undefined ? undefined : parseTypedAddress(text);
}

async function addressOf(argument: unknown): Promise<TypedAddress | undefined> {
    const { range } = parseTarget(argument);
    if (range !== undefined) return { kind: 'gpa', gpa: range.gpa };
    const { address: written } = (argument ?? {}) as { address?: unknown };
    const address = typeof written === 'string' ? parseTypedAddress(written) : undefined;
    if (address !== undefined) return address;
    const variable = addressOfVariable(argument);
    if (variable === undefined) return askAddress();
    if (variable.address === undefined) {
        throw errors.usage(vscode.l10n.t("The variable's value holds no address: {0}", variable.text));
    }
    return variable.address;
}

async function explain(store: VmStore, documents: ExplainDocuments, argument: unknown): Promise<AddressFacts | undefined> {
    const address = await addressOf(argument);
    if (address === undefined) return undefined;
    const active = await resolveVm(store, parseTarget(argument));
    return documents.open(active, settleNumber(active.details, address));
}

/** The command's result are the facts of the first place that the address leads to, for other extensions. */
export function registerExplainAddress(store: VmStore, boundary: CommandBoundary): vscode.Disposable {
    const documents = new ExplainDocuments(store);
    return vscode.Disposable.from(
        vscode.workspace.registerTextDocumentContentProvider(explainScheme, documents),
        vscode.languages.registerCodeLensProvider({ scheme: explainScheme }, documents),
        vscode.workspace.onDidCloseTextDocument((document) => documents.forget(document)),
        boundary.register('guestmem.address.explain', (argument) => explain(store, documents, argument)),
    );
}
