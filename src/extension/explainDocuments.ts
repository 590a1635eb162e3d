/**
 * The page "Explain Address": everything about one address of one VM, as a read-only document whose first line leads on. It
 * is named after VM and address; its query holds them with the place, so that it can be asked again when VS Code reopens it.
 */
import * as vscode from 'vscode';
import { mostExplained, type AddressLookup } from '../common/explain/addressLookup';
import { explanationText, lookupText } from '../common/explain/explanationText';
import { formatTypedAddress, parseTypedAddress, settleNumber, type TypedAddress } from '../common/explain/typedAddress';
import { errors, toGuestmemError } from '../common/errors';
import { explainScheme, type CommandId } from '../common/manifest';
import type { AddressFacts } from '../common/explain/explanation';
import { parseTarget, type CommandTarget } from './commandTarget';
import { linksOf, pageOf } from './addressLinks';
import { plainText } from './displayText';
import { withSlowProgress } from './slowProgress';
import { vmLabel } from './trees/memslotText';
import type { ActiveVm, VmRef, VmStore } from './vmStore';

/** Columns. */
const width = 96;

export type SettledAddress = ReturnType<typeof settleNumber>;

interface Explained {
    readonly text: string;
    /** The first place that the address leads to. */
    readonly facts: AddressFacts | undefined;
}

export class ExplainDocuments implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider {
    private readonly known = new Map<string, Explained>();
    private readonly changed = new vscode.EventEmitter<vscode.Uri>();
    readonly onDidChange = this.changed.event;

    constructor(private readonly store: VmStore) {}

    /** Asks and shows the answer; an open document of the same address gets the new text. */
    async open({ ref, details }: ActiveVm, address: SettledAddress): Promise<AddressFacts | undefined> {
        const written = formatTypedAddress(address);
        const explained = await this.ask(ref, vmLabel(details.vm), address);
        const name = `${vmLabel(details.vm)} ${written}`.replaceAll('/', '_');
        const query = JSON.stringify({ vm: ref, address: written, label: vmLabel(details.vm) });
        const uri = vscode.Uri.from({ scheme: explainScheme, path: `/${name}.explanation`, query });
        this.known.set(uri.toString(), explained);
        this.changed.fire(uri);
        await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
        return explained.facts;
    }

    forget(document: vscode.TextDocument): void {
        this.known.delete(document.uri.toString());
    }

    /** VS Code reopens documents of an earlier session: then the VM is asked now. */
    async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
        const known = this.known.get(uri.toString());
        if (known !== undefined) return known.text;
        try {
            const { vm, address, label } = whatItShows(uri);
            const explained = await this.ask(vm, label, address);
            this.known.set(uri.toString(), explained);
            return explained.text;
        } catch (thrown) {
            return `${toGuestmemError(thrown).message}\n`;
        }
    }

    provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
        const facts = this.known.get(document.uri.toString())?.facts;
        const { vm, address } = whatItShows(document.uri);
        const top = new vscode.Range(0, 0, 0, 0);
        const lens = (title: string, command: CommandId, argument: unknown) => new vscode.CodeLens(top, { title, command, arguments: [argument] });
        const again = lens(vscode.l10n.t('Explain Again'), 'guestmem.address.explain', { vm, address: formatTypedAddress(address) });
        if (facts === undefined) return [again];
        const target: CommandTarget = { vm, range: pageOf(facts.gpa) };
        return [...linksOf(facts, this.canConvert(vm)).map(({ label, command }) => lens(label, command, target)), again];
    }

    private canConvert(vm: VmRef): boolean {
        const { active } = this.store;
        return active?.ref.id === vm.id && active.ref.place === vm.place && active.details.capabilities.attributes.length > 0;
    }

    private async ask(vm: VmRef, label: string, address: SettledAddress): Promise<Explained> {
        const agent = this.store.agentOf(vm);
        return withSlowProgress(vscode.l10n.t('Explaining {0}', formatTypedAddress(address)), async (token) => {
            const explain = (addressSpace: number, gpa: string) => agent.request('explain', { vm: vm.id, addressSpace, gpa }, { token });
            if (address.kind === 'gpa') {
                const facts = await explain(0, address.gpa);
                return textOf(vscode.l10n.t('GPA {0} in {1}', address.gpa, label), explanationText(facts, width), facts);
            }
            const lookup: AddressLookup = await agent.request('locate', { vm: vm.id, query: address }, { token });
            const matches: AddressFacts[] = [];
            for (const { addressSpace, gpa } of lookup.places.slice(0, mostExplained)) matches.push(await explain(addressSpace, gpa));
            return textOf(vscode.l10n.t('{0} in {1}', formatTypedAddress(address), label), lookupText({ lookup, matches }, width), matches[0]);
        });
    }
}

const textOf = (title: string, lines: readonly string[], facts: AddressFacts | undefined): Explained => ({
    text: [title, '', ...lines, ''].map(plainText).join('\n'),
    facts,
});

/** The query may come from anybody who can have a document opened. */
function whatItShows(uri: vscode.Uri): { readonly vm: VmRef; readonly address: SettledAddress; readonly label: string } {
    const shown: unknown = JSON.parse(uri.query);
    const { vm } = parseTarget(shown);
    const { address: written, label } = shown as { address?: unknown; label?: unknown };
    const address: TypedAddress | undefined = typeof written === 'string' ? parseTypedAddress(written) : undefined;
    if (vm === undefined || address === undefined || typeof label !== 'string') {
        throw errors.usage(vscode.l10n.t('The document does not say what it shows.'));
    }
    return { vm, address: settleNumber({ addressSpaces: [] }, address), label };
}
