/**
 * View guestmem.guestMemfds: the guest_memfds of the active VM with what they hold. Children are its bindings, each with
 * a click to the slot on the map, and its details. One that is leaked carries a warning.
 */
import * as vscode from 'vscode';
import type { CommandId, ViewId } from '../../common/manifest';
import type { GuestMemfd, GuestMemfdBinding, VmDetails } from '../../common/model';
import type { CommandTarget } from '../commandTarget';
import { detailItem, Details, unknownItem, unknownNodes, warningIcon, type DetailNode, type UnknownNode } from './detailNode';
import { displaySize, tooltipOf } from '../displayText';
import { guestMemfdDetails } from './guestMemfdDetails';
import type { VmRef, VmStore } from '../vmStore';

type Node =
    | { readonly kind: 'guestMemfd'; readonly vm: VmRef; readonly guestMemfd: GuestMemfd }
    | ({ readonly kind: 'binding'; readonly id: string; readonly binding: GuestMemfdBinding } & CommandTarget)
    | DetailNode
    | UnknownNode;

export class GuestMemfdTree implements vscode.TreeDataProvider<Node> {
    private readonly changed = new vscode.EventEmitter<void>();
    readonly onDidChangeTreeData = this.changed.event;

    constructor(private readonly store: VmStore) {
        store.onDidChange(() => this.changed.fire());
    }

    getChildren(node?: Node): Node[] {
        const { active } = this.store;
        if (active === undefined) return [];
        if (node === undefined) {
            const unknown = active.details.unknown.filter(({ field }) => field.startsWith('guestMemfds'));
            return [
                ...active.details.guestMemfds.map((guestMemfd): Node => ({ kind: 'guestMemfd', vm: active.ref, guestMemfd })),
                ...unknownNodes(`${active.ref.place} ${active.ref.id} unknown`, unknown),
            ];
        }
        if (node.kind === 'detail') return [...(node.children ?? [])];
        if (node.kind !== 'guestMemfd') return [];
        return [
            ...node.guestMemfd.bindings.map((binding) => bindingNode(node.vm, node.guestMemfd, binding, active.details)),
            ...this.details(node.vm, node.guestMemfd),
        ];
    }

    getTreeItem(node: Node): vscode.TreeItem {
        switch (node.kind) {
            case 'guestMemfd':
                return guestMemfdItem(node.vm, node.guestMemfd, this.details(node.vm, node.guestMemfd));
            case 'binding':
                return bindingItem(node, node.id, node.binding);
            case 'detail':
                return detailItem(node);
            case 'unknown':
                return unknownItem(node);
        }
    }

    private details(vm: VmRef, guestMemfd: GuestMemfd): DetailNode[] {
        const { active } = this.store;
        return active === undefined ? [] : guestMemfdDetails(new Details(nodeId(vm, guestMemfd)), guestMemfd, active.details.vm);
    }
}

const nodeId = (vm: VmRef, { inode }: GuestMemfd, ...parts: string[]) => [vm.place, vm.id, 'gmem', inode, ...parts].join(' ');

function guestMemfdItem(vm: VmRef, guestMemfd: GuestMemfd, details: readonly DetailNode[]): vscode.TreeItem {
    const { l10n } = vscode;
    const { fds, inode, size, allocated, bindings, flags, leaked } = guestMemfd;
    const label = fds.length === 0 ? l10n.t('inode {0}', inode) : l10n.t('fd {0}', fds.join(', '));
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = nodeId(vm, guestMemfd);
    item.description = [
        ...(leaked ? [l10n.t('leaked')] : []),
        displaySize(size),
        ...(allocated === null ? [] : [l10n.t('{0} allocated', displaySize(allocated))]),
        ...(bindings.length === 0 && !leaked ? [l10n.t('not bound')] : []),
        ...flags,
    ].join(' · ');
    item.iconPath = leaked ? warningIcon() : new vscode.ThemeIcon('file-binary');
    item.contextValue = 'guestMemfd';
    item.tooltip = tooltipOf(
        `guest_memfd ${label}`,
        details.map((detail) => [detail.label, detail.value] as const),
    );
    return item;
}

function bindingNode(vm: VmRef, guestMemfd: GuestMemfd, binding: GuestMemfdBinding, { addressSpaces }: VmDetails): Node {
    const memslot = addressSpaces
        .find(({ id }) => id === binding.addressSpace)
        ?.memslots.find(({ id }) => id === binding.memslot);
    return {
        kind: 'binding',
        id: nodeId(vm, guestMemfd, 'binding', binding.offset),
        binding,
        vm,
        ...(memslot === undefined ? {} : { range: { gpa: memslot.gpa, size: memslot.size }, copyText: memslot.gpa }),
    };
}

function bindingItem(target: CommandTarget, id: string, { memslot, offset, size }: GuestMemfdBinding): vscode.TreeItem {
    const item = new vscode.TreeItem(vscode.l10n.t('Slot {0}', memslot));
    item.id = id;
    item.description = [
        ...(target.range === undefined ? [] : [target.range.gpa]),
        displaySize(size),
        vscode.l10n.t('offset {0}', offset),
    ].join(' · ');
    item.iconPath = new vscode.ThemeIcon('link');
    if (target.range !== undefined) {
        item.contextValue = 'binding address convertible';
        item.command = { command: 'guestmem.map.show' satisfies CommandId, title: '', arguments: [target] };
    }
    return item;
}

export function registerGuestMemfdTree(store: VmStore): { tree: GuestMemfdTree; view: vscode.TreeView<Node> } {
    const tree = new GuestMemfdTree(store);
    const options = { treeDataProvider: tree, showCollapseAll: true };
    return { tree, view: vscode.window.createTreeView('guestmem.guestMemfds' satisfies ViewId, options) };
}
