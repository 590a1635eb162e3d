/**
 * View guestmem.memslots: the memslots of the active VM by address; a VM with several address spaces in use has one
 * branch for each. A click shows the slot on the map; its details are its children.
 */
import * as vscode from 'vscode';
import { parseHex } from '../common/address';
import type { CommandId, ViewId } from '../common/manifest';
import type { Memslot } from '../common/model';
import type { CommandTarget } from './commandTarget';
import { detailItem, type DetailNode } from './detailNode';
import { displaySize, tooltipOf } from './displayText';
import { add, backingText, memslotLabel, memslotTraits, rangeText } from './memslotText';
import type { VmRef, VmStore } from './vmStore';

type Node =
    | { readonly kind: 'addressSpace'; readonly vm: VmRef; readonly id: number; readonly memslots: readonly Memslot[] }
    | ({ readonly kind: 'memslot'; readonly vm: VmRef; readonly addressSpace: number; readonly memslot: Memslot } & CommandTarget)
    | DetailNode;

export class MemslotTree implements vscode.TreeDataProvider<Node> {
    private readonly changed = new vscode.EventEmitter<void>();
    readonly onDidChangeTreeData = this.changed.event;

    constructor(private readonly store: VmStore) {
        store.onDidChange(() => this.changed.fire());
    }

    getChildren(node?: Node): Node[] {
        if (node === undefined) return this.roots();
        switch (node.kind) {
            case 'addressSpace':
                return memslotNodes(node.vm, node.id, node.memslots);
            case 'memslot':
                return details(node.vm, node.addressSpace, node.memslot);
            case 'detail':
                return [];
        }
    }

    getTreeItem(node: Node): vscode.TreeItem {
        switch (node.kind) {
            case 'addressSpace':
                return addressSpaceItem(node.vm, node.id, node.memslots.length);
            case 'memslot':
                return memslotItem(node, node.vm, node.addressSpace, node.memslot);
            case 'detail':
                return detailItem(node);
        }
    }

    private roots(): Node[] {
        const { active } = this.store;
        if (active === undefined) return [];
        const used = active.details.addressSpaces.filter(({ memslots }) => memslots.length > 0);
        const [only] = used;
        if (only !== undefined && used.length === 1) return memslotNodes(active.ref, only.id, only.memslots);
        return used.map(({ id, memslots }) => ({ kind: 'addressSpace', vm: active.ref, id, memslots }));
    }
}

const nodeId = (vm: VmRef, ...parts: (string | number)[]) => [vm.place, vm.id, ...parts].join(' ');

function memslotNodes(vm: VmRef, addressSpace: number, memslots: readonly Memslot[]): Node[] {
    const start = ({ gpa }: Memslot) => parseHex(gpa) ?? 0n;
    return memslots
        .toSorted((one, other) => (start(one) < start(other) ? -1 : 1))
        .map((memslot) => ({
            kind: 'memslot',
            vm,
            addressSpace,
            memslot,
            range: { gpa: memslot.gpa, size: memslot.size },
            copyText: memslot.gpa,
        }));
}

function addressSpaceItem(vm: VmRef, id: number, count: number): vscode.TreeItem {
    const item = new vscode.TreeItem(vscode.l10n.t('Address space {0}', id), vscode.TreeItemCollapsibleState.Expanded);
    item.id = nodeId(vm, 'as', id);
    // The one that x86 KVM has beside address space 0.
    item.description = id === 1 ? vscode.l10n.t('system management mode, {0} slots', count) : vscode.l10n.t('{0} slots', count);
    item.iconPath = new vscode.ThemeIcon('list-tree');
    return item;
}

function memslotIcon(memslot: Memslot): string {
    if (memslot.internal) return 'gear';
    if (memslot.flags.includes('guest-memfd')) return 'shield';
    return memslot.flags.includes('readonly') ? 'book' : 'layers';
}

function memslotItem(target: CommandTarget, vm: VmRef, addressSpace: number, memslot: Memslot): vscode.TreeItem {
    const item = new vscode.TreeItem(memslot.gpa, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = nodeId(vm, 'as', addressSpace, 'slot', memslot.id);
    item.description = [displaySize(memslot.size), ...memslotTraits(memslot)].join(' · ');
    item.iconPath = new vscode.ThemeIcon(memslotIcon(memslot));
    // KVM keeps attributes of address space 0 only: there the range can be converted.
    item.contextValue = addressSpace === 0 ? 'memslot address convertible' : 'memslot address';
    item.tooltip = tooltipOf(
        memslotLabel(memslot),
        details(vm, addressSpace, memslot).map(({ label, value }) => [label, value] as const),
    );
    if (addressSpace === 0) {
        item.command = { command: 'guestmem.map.show' satisfies CommandId, title: '', arguments: [target] };
    }
    return item;
}

function details(vm: VmRef, addressSpace: number, memslot: Memslot): DetailNode[] {
    const { l10n } = vscode;
    const detail = (label: string, value: string, copyText?: string): DetailNode => ({
        kind: 'detail',
        id: nodeId(vm, 'as', addressSpace, 'slot', memslot.id, label),
        label,
        value,
        ...(copyText === undefined ? {} : { copyText }),
    });
    const { guestMemfd } = memslot;
    const bound =
        guestMemfd === null
            ? memslot.flags.includes('guest-memfd')
                ? l10n.t('closed by the VMM, still bound')
                : undefined
            : l10n.t('fd {0}, offset {1}', guestMemfd.fd, guestMemfd.offset);
    return [
        detail(l10n.t('Slot'), `${memslot.id}`),
        detail(l10n.t('GPA'), `${memslot.gpa} – ${add(memslot.gpa, memslot.size)}`, rangeText(memslot)),
        detail(l10n.t('Size'), `${displaySize(memslot.size)} (${memslot.size})`, memslot.size),
        detail(l10n.t('HVA'), memslot.gmemOnly ? l10n.t('{0}, not used by guest faults', memslot.hva) : memslot.hva, memslot.hva),
        detail(l10n.t('Flags'), memslot.flags.length === 0 ? l10n.t('none') : memslot.flags.join(', ')),
        detail(l10n.t('Backing'), backingText(memslot)),
        ...(bound === undefined ? [] : [detail('guest_memfd', bound, guestMemfd?.offset)]),
    ];
}

export function registerMemslotTree(store: VmStore): { tree: MemslotTree; view: vscode.TreeView<Node> } {
    const tree = new MemslotTree(store);
    const options = { treeDataProvider: tree, showCollapseAll: true };
    return { tree, view: vscode.window.createTreeView('guestmem.memslots' satisfies ViewId, options) };
}
