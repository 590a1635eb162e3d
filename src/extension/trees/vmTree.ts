/**
 * View guestmem.vms: the VMs of every place; with further places beside this host, one branch for each. A click makes a
 * VM the active one. What could not be read stands at the end, with the reason as its tooltip.
 */
import * as vscode from 'vscode';
import type { CommandId, ViewId } from '../../common/manifest';
import type { AttributeScope, VmSummary } from '../../common/model';
import type { CommandTarget } from '../commandTarget';
import { unknownItem, unknownNodes, warningIcon, type UnknownNode } from './detailNode';
import { displayText, tooltipOf } from '../displayText';
import { vmLabel, vmTraits } from './memslotText';
import { placeLabel, thisHost, type Places } from '../connection/places';
import type { VmRef, VmStore } from '../vmStore';

type Node =
    | { readonly kind: 'place'; readonly place: string }
    | ({ readonly kind: 'vm'; readonly vm: VmRef; readonly summary: VmSummary } & CommandTarget)
    | (UnknownNode & { readonly place: string });

export class VmTree implements vscode.TreeDataProvider<Node> {
    private readonly changed = new vscode.EventEmitter<void>();
    readonly onDidChangeTreeData = this.changed.event;

    constructor(
        private readonly store: VmStore,
        private readonly places: Places,
    ) {
        store.onDidChange(() => this.changed.fire());
    }

    getChildren(node?: Node): Node[] {
        if (node === undefined) {
            const { names } = this.places;
            return names.length === 1 ? this.vmsOf(thisHost) : names.map((place) => ({ kind: 'place', place }));
        }
        return node.kind === 'place' ? this.vmsOf(node.place) : [];
    }

    getTreeItem(node: Node): vscode.TreeItem {
        switch (node.kind) {
            case 'place':
                return this.placeItem(node.place);
            case 'vm':
                return this.vmItem(node.vm, node.summary);
            case 'unknown':
                return this.unknownItem(node);
        }
    }

    private vmsOf(place: string): Node[] {
        const state = this.store.stateOf(place);
        if (state.kind !== 'ready') return [];
        const vms = state.vms.map((summary): Node => ({ kind: 'vm', vm: { place, id: summary.id }, summary, copyText: summary.id }));
        // An empty list with a reason is what the welcome text is for; beside VMs the reason has its own line.
        if (vms.length === 0) return [];
        return [...vms, ...unknownNodes(`unknown ${place}`, state.unknown).map((node) => ({ ...node, place }))];
    }

    private unknownItem(node: UnknownNode & { readonly place: string }): vscode.TreeItem {
        const item = unknownItem(node);
        item.command = { command: 'guestmem.host.check' satisfies CommandId, title: '', arguments: [{ vm: { place: node.place, id: '' } }] };
        return item;
    }

    private placeItem(place: string): vscode.TreeItem {
        const state = this.store.stateOf(place);
        const item = new vscode.TreeItem(displayText(placeLabel(place)), vscode.TreeItemCollapsibleState.Expanded);
        item.id = `place ${place}`;
        item.contextValue = state.kind === 'failed' ? 'place failed' : 'place';
        switch (state.kind) {
            case 'loading':
                item.iconPath = new vscode.ThemeIcon('loading~spin');
                break;
            case 'ready':
                item.iconPath = new vscode.ThemeIcon(place === thisHost ? 'server' : 'remote');
                if (state.vms.length === 0) item.description = vscode.l10n.t('no VM');
                break;
            case 'failed':
                item.iconPath = new vscode.ThemeIcon('error', new vscode.ThemeColor('problemsErrorIcon.foreground'));
                item.description = vscode.l10n.t('agent not running');
                item.tooltip = tooltipOf(placeLabel(place), [[vscode.l10n.t('Agent'), state.error.message]]);
                break;
        }
        return item;
    }

    private vmItem(ref: VmRef, summary: VmSummary): vscode.TreeItem {
        const { l10n } = vscode;
        const active = this.store.active?.ref;
        const isActive = active?.place === ref.place && active.id === ref.id;
        const item = new vscode.TreeItem(vmLabel(summary));
        item.id = `vm ${ref.place} ${ref.id}`;
        const leftover = leftoverText(summary);
        item.description = [...(leftover === undefined ? [] : [l10n.t('left over')]), vmTraits(summary)].join(' · ');
        item.iconPath = isActive
            ? new vscode.ThemeIcon('vm-active', new vscode.ThemeColor('charts.green'))
            : leftover === undefined
              ? new vscode.ThemeIcon('vm')
              : warningIcon();
        item.contextValue = 'vm';
        item.command = activate(ref);
        item.tooltip = tooltipOf(summary.name ?? summary.command, [
            [l10n.t('VM'), summary.id],
            [l10n.t('Process'), `${summary.command}, ${l10n.t('pid {0}', summary.pid)}`],
            [l10n.t('Type'), summary.type ?? l10n.t('not known')],
            ...(summary.tracedBy === null
                ? []
                : [[l10n.t('Debugger'), l10n.t('process {0} traces the VMM', summary.tracedBy)] as const]),
            ...(leftover === undefined ? [] : [[l10n.t('Left over'), leftover] as const]),
            ...summary.holders.map(({ pid, fd }) => [l10n.t('Also held by'), holderText(pid, fd)] as const),
            ...(isActive ? [[l10n.t('Private or shared'), scopeText(this.store.active?.details.capabilities.attributeScope)] as const] : []),
            ...(isActive ? [[l10n.t('Active VM'), l10n.t('hover, map and commands speak of it')] as const] : []),
        ]);
        return item;
    }
}

/** Why a VM is still there although nobody holds the VM itself; undefined where somebody does. */
function leftoverText({ heldBy, fd }: VmSummary): string | undefined {
    const { l10n } = vscode;
    const why = (keeper: string) => l10n.t('its VM fd is closed, but {0} keeps it and its memory alive', keeper);
    switch (heldBy) {
        case 'vm':
            return undefined;
        case 'vcpu':
            return why(l10n.t('a vCPU (fd {0})', fd));
        case 'guest_memfd':
            return why(l10n.t('a guest_memfd (fd {0})', fd));
        case 'mapping':
            return why(l10n.t('a mapping of one of its files'));
    }
}

const holderText = (pid: number, fd: number): string =>
    fd < 0 ? vscode.l10n.t('process {0}, by a mapping', pid) : vscode.l10n.t('process {0}, fd {1}', pid, fd);

function scopeText(scope: AttributeScope | undefined): string {
    switch (scope) {
        case 'vm':
            return vscode.l10n.t('decided by the VM');
        case 'guest_memfd':
            return vscode.l10n.t('decided by each guest_memfd');
        case 'none':
        case undefined:
            return vscode.l10n.t('all is shared: this VM has no private memory');
    }
}

function activate(vm: VmRef): vscode.Command {
    const command: CommandId = 'guestmem.vm.activate';
    return { command, title: '', arguments: [{ vm } satisfies CommandTarget] };
}

export function registerVmTree(store: VmStore, places: Places): { tree: VmTree; view: vscode.TreeView<Node> } {
    const tree = new VmTree(store, places);
    return { tree, view: vscode.window.createTreeView('guestmem.vms' satisfies ViewId, { treeDataProvider: tree }) };
}
