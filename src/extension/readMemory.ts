/**
 * Command guestmem.memory.read: guest memory as a hexdump in a read-only editor. The document is named after VM and range;
 * its query holds them with the place, so that it can be read again when VS Code reopens it. Holes read as zeros; private memory is not read.
 */
import * as vscode from 'vscode';
import { formatSize, parseHex } from '../common/address';
import { errors, toGuestmemError } from '../common/errors';
import { hexdump } from '../common/hexdump';
import { memoryScheme } from '../common/manifest';
import { formatRange, makeRange, toWireRange, type GpaRange, type WireRange } from '../common/range';
import { resolveVm } from './activeVm';
import { askRange } from './changes/askRange';
import { parseTarget } from './commandTarget';
import type { CommandBoundary } from './commandBoundary';
import { vmLabel } from './trees/memslotText';
import { withSlowProgress } from './slowProgress';
import type { ActiveVm, VmRef, VmStore } from './vmStore';

/** What a text editor shows at ease; the map is the view of more. */
const largest = 1n << 20n;

class MemoryDocuments implements vscode.TextDocumentContentProvider {
    private readonly texts = new Map<string, string>();
    private readonly changed = new vscode.EventEmitter<vscode.Uri>();
    readonly onDidChange = this.changed.event;

    constructor(private readonly store: VmStore) {}

    /** Reads the range and shows it; an open document of the same range gets the new text. */
    async open({ ref, details }: ActiveVm, range: GpaRange): Promise<vscode.Uri> {
        const query = JSON.stringify({ vm: ref, range: toWireRange(range) });
        const name = `${vmLabel(details.vm)} ${formatRange(range)}`.replaceAll('/', '_');
        const uri = vscode.Uri.from({ scheme: memoryScheme, path: `/${name}.hexdump`, query });
        this.texts.set(uri.toString(), await this.read(ref, range));
        this.changed.fire(uri);
        const document = await vscode.workspace.openTextDocument(uri);
        await vscode.window.showTextDocument(document, { preview: true });
        return uri;
    }

    forget(document: vscode.TextDocument): void {
        this.texts.delete(document.uri.toString());
    }

    /** VS Code reopens documents of an earlier session: then the memory is read now. */
    async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
        const known = this.texts.get(uri.toString());
        if (known !== undefined) return known;
        try {
            const { vm, range } = parseTarget(JSON.parse(uri.query));
            if (vm === undefined || range === undefined) throw errors.usage(vscode.l10n.t('The document does not say what it shows.'));
            return await this.read(vm, checkSize(makeRange(parseHex(range.gpa) ?? 0n, parseHex(range.size) ?? 0n)));
        } catch (thrown) {
            return `# ${toGuestmemError(thrown).message}\n`;
        }
    }

    private async read(ref: VmRef, range: GpaRange): Promise<string> {
        const read = await withSlowProgress(vscode.l10n.t('Reading {0}', formatRange(range)), (token) =>
            this.store.agentOf(ref).request('read', { vm: ref.id, ...toWireRange(range) }, { token }),
        );
        return [...hexdump(range.start, read.bytes, read.ranges), ''].join('\n');
    }
}

function checkSize(range: GpaRange): GpaRange {
    if (range.size > largest) {
        throw errors.usage(
            vscode.l10n.t('{0} is too large for an editor: read at most {1} at once.', formatRange(range), formatSize(largest)),
        );
    }
    return range;
}

/** A slot or a selection that is larger than an editor shows is a place to begin, not an error. */
function rangeOf({ gpa, size }: WireRange): GpaRange {
    const whole = makeRange(parseHex(gpa) ?? 0n, parseHex(size) ?? 0n);
    return whole.size > largest ? makeRange(whole.start, 0x1000n) : whole;
}

/** The command's result is the address of the document. */
export function registerReadMemory(store: VmStore, boundary: CommandBoundary, proposed: () => WireRange | undefined): vscode.Disposable {
    const documents = new MemoryDocuments(store);
    return vscode.Disposable.from(
        vscode.workspace.registerTextDocumentContentProvider(memoryScheme, documents),
        vscode.workspace.onDidCloseTextDocument((document) => documents.forget(document)),
        boundary.register('guestmem.memory.read', async (argument) => {
            const target = parseTarget(argument);
            const active = await resolveVm(store, target);
            const range =
                target.range === undefined ? await askRange(vscode.l10n.t('Read Memory'), proposed()) : rangeOf(target.range);
            return range === undefined ? undefined : documents.open(active, checkSize(range));
        }),
    );
}
