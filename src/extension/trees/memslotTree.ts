/**
 * View guestmem.memslots: the memslots of the active VM by address; a VM with several address spaces in use has one
 * branch for each. A click shows the slot on the map; its details are its children. What only a map tells of a slot is
 * there once the map was read.
 */
import * as vscode from 'vscode';
import { parseHex } from '../../common/address';
import type { CommandId, ViewId } from '../../common/manifest';
import type { Memslot, MemslotTotals } from '../../common/model';
import type { CommandTarget } from '../commandTarget';
import { detailItem, Details, unknownItem, unknownNodes, type DetailNode, type UnknownNode } from './detailNode';
import { displaySize, tooltipOf } from '../displayText';
import { backingText, guestMemfdText, memslotLabel, memslotRights, memslotTraits, rangeText } from './memslotText';
import type { PageMap } from '../map/pageMap';
import type { VmRef, VmStore } from '../vmStore';

interface SlotNode extends CommandTarget {
    readonly kind: 'memslot';
    readonly vm: VmRef;
    readonly addressSpace: number;
    readonly memslot: Memslot;
}

type Node =
    | { readonly kind: 'addressSpace'; readonly vm: VmRef; readonly id: number; readonly memslots: readonly Memslot[] }
    | SlotNode
    | DetailNode
    | UnknownNode;

export class MemslotTree implements vscode.TreeDataProvider<Node> {
    private readonly changed = new vscode.EventEmitter<void>();
    readonly onDidChangeTreeData = this.changed.event;

    constructor(
        private readonly store: VmStore,
        private readonly map: PageMap,
    ) {
        store.onDidChange(() => this.changed.fire());
        map.onDidChangeTotals(() => this.changed.fire());
    }

    getChildren(node?: Node): Node[] {
        if (node === undefined) return this.roots();
        switch (node.kind) {
            case 'addressSpace':
                return memslotNodes(node.vm, node.id, node.memslots);
            case 'memslot':
                return this.details(node);
            case 'detail':
                return [...(node.children ?? [])];
            case 'unknown':
                return [];
        }
    }

    getTreeItem(node: Node): vscode.TreeItem {
        switch (node.kind) {
            case 'addressSpace':
                return addressSpaceItem(node.vm, node.id, node.memslots.length);
            case 'memslot':
                return memslotItem(node, this.details(node), this.totals(node));
            case 'detail':
                return detailItem(node);
            case 'unknown':
                return unknownItem(node);
        }
    }

    private roots(): Node[] {
        const { active } = this.store;
        if (active === undefined) return [];
        const { addressSpaces, unknown } = active.details;
        const used = addressSpaces.filter(({ memslots }) => memslots.length > 0);
        const [only] = used;
        const unread = unknown.filter(({ field }) => field.startsWith('addressSpaces'));
        return [
            ...(only !== undefined && used.length === 1
                ? memslotNodes(active.ref, only.id, only.memslots)
                : used.map(({ id, memslots }): Node => ({ kind: 'addressSpace', vm: active.ref, id, memslots }))),
            ...unknownNodes(nodeId(active.ref, 'memslots unknown'), unread),
        ];
    }

    private totals({ vm, addressSpace, memslot }: SlotNode): MemslotTotals | undefined {
        return this.map.totalsOf(vm, addressSpace)?.memslots.find((totals) => totals.memslot === memslot.id);
    }

    private details(node: SlotNode): DetailNode[] {
        return memslotDetails(new Details(slotId(node)), node.memslot, this.totals(node));
    }
}

const nodeId = (vm: VmRef, ...parts: (string | number)[]) => [vm.place, vm.id, ...parts].join(' ');
const slotId = ({ vm, addressSpace, memslot }: SlotNode) => nodeId(vm, 'as', addressSpace, 'slot', memslot.id);

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

function memslotItem(node: SlotNode, details: readonly DetailNode[], totals: MemslotTotals | undefined): vscode.TreeItem {
    const { addressSpace, memslot } = node;
    const item = new vscode.TreeItem(memslot.gpa, vscode.TreeItemCollapsibleState.Collapsed);
    item.id = slotId(node);
    item.description = [displaySize(memslot.size), ...doubleBackedTrait(totals), ...memslotTraits(memslot)].join(' · ');
    item.iconPath = new vscode.ThemeIcon(memslotIcon(memslot));
    // KVM keeps attributes of address space 0 only: there the range can be converted.
    item.contextValue = addressSpace === 0 ? 'memslot address convertible' : 'memslot address';
    item.tooltip = tooltipOf(
        memslotLabel(memslot),
        // The title is the slot's number already.
        details.slice(1).map(({ label, value }) => [label, value] as const),
    );
    if (addressSpace === 0) {
        item.command = { command: 'guestmem.map.show' satisfies CommandId, title: '', arguments: [node] };
    }
    return item;
}

function doubleBackedTrait(totals: MemslotTotals | undefined): string[] {
    if (totals === undefined || parseHex(totals.doubleBacked) === 0n) return [];
    return [vscode.l10n.t('{0} double-backed', displaySize(totals.doubleBacked))];
}

function memslotDetails(details: Details, memslot: Memslot, totals: MemslotTotals | undefined): DetailNode[] {
    const { l10n } = vscode;
    const { flags, gmemOnly, hva, size } = memslot;
    return [
        details.one(l10n.t('Slot'), `${memslot.id}`),
        details.one(l10n.t('GPA'), rangeText(memslot), { copyText: rangeText(memslot) }),
        details.one(l10n.t('Size'), `${displaySize(size)} (${size})`, { copyText: size }),
        details.one(l10n.t('HVA'), gmemOnly ? l10n.t('{0}, not used by guest faults', hva) : hva, { copyText: hva }),
        details.one(l10n.t('Flags'), flags.length === 0 ? l10n.t('none') : flags.join(', ')),
        details.one(l10n.t('Backing'), backingText(memslot)),
        details.one(l10n.t('Rights'), memslotRights(memslot)),
        ...boundDetails(details, memslot),
        ...(totals === undefined
            ? []
            : [
                  details.one(l10n.t('Private'), displaySize(totals.private)),
                  details.one(l10n.t('Shared'), displaySize(totals.shared)),
                  details.one(l10n.t('Double-backed'), displaySize(totals.doubleBacked)),
              ]),
    ];
}

function boundDetails(details: Details, { flags, guestMemfd }: Memslot): DetailNode[] {
    if (guestMemfd !== null) return [details.one('guest_memfd', guestMemfdText(guestMemfd), { copyText: guestMemfd.offset })];
    return flags.includes('guest-memfd') ? [details.one('guest_memfd', vscode.l10n.t('closed by the VMM, still bound'))] : [];
}

export function registerMemslotTree(store: VmStore, map: PageMap): { tree: MemslotTree; view: vscode.TreeView<Node> } {
    const tree = new MemslotTree(store, map);
    const options = { treeDataProvider: tree, showCollapseAll: true };
    return { tree, view: vscode.window.createTreeView('guestmem.memslots' satisfies ViewId, options) };
}
