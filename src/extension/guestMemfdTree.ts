/**
 * View guestmem.guestMemfds: the guest_memfds of the active VM with what they hold. Children are its bindings, each with
 * a click to the slot on the map, the ranges that no slot is bound to, and its details.
 */
import * as vscode from 'vscode';
import { parseHex, toHex } from '../common/address';
import type { CommandId, ViewId } from '../common/manifest';
import type { GuestMemfd, GuestMemfdBinding, VmDetails } from '../common/model';
import type { CommandTarget } from './commandTarget';
import { detailItem, type DetailNode } from './detailNode';
import { displaySize, tooltipOf } from './displayText';
import { add } from './memslotText';
import type { VmRef, VmStore } from './vmStore';

type Node =
    | { readonly kind: 'guestMemfd'; readonly vm: VmRef; readonly guestMemfd: GuestMemfd }
    | ({ readonly kind: 'binding'; readonly id: string; readonly binding: GuestMemfdBinding } & CommandTarget)
    | DetailNode;

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
            return active.details.guestMemfds.map((guestMemfd) => ({ kind: 'guestMemfd', vm: active.ref, guestMemfd }));
        }
        if (node.kind !== 'guestMemfd') return [];
        return [
            ...node.guestMemfd.bindings.map((binding) => bindingNode(node.vm, node.guestMemfd, binding, active.details)),
            ...details(node.vm, node.guestMemfd),
        ];
    }

    getTreeItem(node: Node): vscode.TreeItem {
        switch (node.kind) {
            case 'guestMemfd':
                return guestMemfdItem(node.vm, node.guestMemfd);
            case 'binding':
                return bindingItem(node, node.id, node.binding);
            case 'detail':
                return detailItem(node);
        }
    }
}

const nodeId = (vm: VmRef, { inode }: GuestMemfd, ...parts: string[]) => [vm.place, vm.id, 'gmem', inode, ...parts].join(' ');

function guestMemfdItem(vm: VmRef, guestMemfd: GuestMemfd): vscode.TreeItem {
    const { l10n } = vscode;
    const { fds, inode, size, allocated, bindings, flags } = guestMemfd;
    const label = fds.length === 0 ? l10n.t('inode {0}', inode) : l10n.t('fd {0}', fds.join(', '));
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = nodeId(vm, guestMemfd);
    item.description = [
        displaySize(size),
        ...(allocated === null ? [] : [l10n.t('{0} allocated', displaySize(allocated))]),
        ...(bindings.length === 0 ? [l10n.t('not bound')] : []),
        ...flags,
    ].join(' · ');
    item.iconPath = new vscode.ThemeIcon('file-binary');
    item.contextValue = 'guestMemfd';
    item.tooltip = tooltipOf(
        `guest_memfd ${label}`,
        details(vm, guestMemfd).map((detail) => [detail.label, detail.value] as const),
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

/** The gaps between bindings, as offset and size. */
function unboundRanges({ size, bindings }: GuestMemfd): { readonly offset: bigint; readonly size: bigint }[] {
    const bound = bindings
        .map(({ offset, size: length }) => ({ start: parseHex(offset) ?? 0n, end: (parseHex(offset) ?? 0n) + (parseHex(length) ?? 0n) }))
        .sort((one, other) => (one.start < other.start ? -1 : 1));
    const gaps: { offset: bigint; size: bigint }[] = [];
    let at = 0n;
    for (const { start, end } of [...bound, { start: parseHex(size) ?? 0n, end: 0n }]) {
        if (start > at) gaps.push({ offset: at, size: start - at });
        if (end > at) at = end;
    }
    return gaps;
}

function details(vm: VmRef, guestMemfd: GuestMemfd): DetailNode[] {
    const { l10n } = vscode;
    const { inode, size, flags, allocated, prepared } = guestMemfd;
    const notKnown = l10n.t('not known');
    const detail = (label: string, value: string, copyText?: string): DetailNode => ({
        kind: 'detail',
        id: nodeId(vm, guestMemfd, label, value),
        label,
        value,
        ...(copyText === undefined ? {} : { copyText }),
    });
    return [
        ...unboundRanges(guestMemfd).map((gap) => {
            const [offset, length] = [toHex(gap.offset), toHex(gap.size)];
            return detail(l10n.t('Not bound'), `${offset} – ${add(offset, length)} · ${displaySize(length)}`, `${offset}+${length}`);
        }),
        detail(l10n.t('Size'), `${displaySize(size)} (${size})`, size),
        detail(l10n.t('Allocated'), allocated === null ? notKnown : displaySize(allocated)),
        detail(l10n.t('Prepared'), prepared === null ? notKnown : displaySize(prepared)),
        detail(l10n.t('Flags'), flags.length === 0 ? l10n.t('none') : flags.join(', ')),
        detail(l10n.t('Inode'), `${inode}`),
    ];
}

export function registerGuestMemfdTree(store: VmStore): { tree: GuestMemfdTree; view: vscode.TreeView<Node> } {
    const tree = new GuestMemfdTree(store);
    const options = { treeDataProvider: tree, showCollapseAll: true };
    return { tree, view: vscode.window.createTreeView('guestmem.guestMemfds' satisfies ViewId, options) };
}
