/**
 * View guestmem.findings: what is wrong, wasteful or surprising about the active VM's memory, the worst first. Children
 * say why it matters, what helps and where it is; what helps is a button of the finding and of each of its ranges.
 */
import * as vscode from 'vscode';
import { parseHex } from '../../common/address';
import type { Finding, FindingAction, FindingSeen, FindingSeverity } from '../../common/finding';
import type { CommandId, ViewId } from '../../common/manifest';
import type { WireRange } from '../../common/range';
import type { CommandTarget } from '../commandTarget';
import { displaySize, displayText, tooltipOf } from '../displayText';
import type { FindingsState, VmFindings } from '../findings/vmFindings';
import type { VmRef, VmStore } from '../vmStore';
import { detailItem, Details, unknownItem, unknownNodes, type DetailNode, type UnknownNode } from './detailNode';
import { rangeText } from './memslotText';

interface FindingNode extends CommandTarget {
    readonly kind: 'finding';
    readonly id: string;
    readonly vm: VmRef;
    readonly finding: Finding;
}

interface RangeNode extends CommandTarget {
    readonly kind: 'range';
    readonly id: string;
    readonly range: WireRange;
    readonly finding: Finding;
}

type Node = FindingNode | RangeNode | DetailNode | UnknownNode;

export class FindingTree implements vscode.TreeDataProvider<Node> {
    private readonly changed = new vscode.EventEmitter<void>();
    readonly onDidChangeTreeData = this.changed.event;

    constructor(private readonly findings: VmFindings) {
        findings.onDidChange(() => this.changed.fire());
    }

    getChildren(node?: Node): Node[] {
        if (node === undefined) return this.roots();
        switch (node.kind) {
            case 'finding':
                return [...details(node), ...node.finding.ranges.map((range) => rangeNode(node, range))];
            case 'detail':
                return [...(node.children ?? [])];
            case 'range':
            case 'unknown':
                return [];
        }
    }

    getTreeItem(node: Node): vscode.TreeItem {
        switch (node.kind) {
            case 'finding':
                return findingItem(node);
            case 'range':
                return rangeItem(node);
            case 'detail':
                return detailItem(node);
            case 'unknown':
                return unknownItem(node);
        }
    }

    private roots(): Node[] {
        const { state } = this.findings;
        if (state.kind !== 'ready') return [];
        const { vm, list } = state;
        const counts = new Map<string, number>();
        return [
            ...list.findings.map((finding): Node => {
                // The same finding of the next look has the same id, so that what is open stays open.
                const name = [finding.kind, finding.action.does, finding.memslot, finding.guestMemfd?.inode].join(' ');
                const count = (counts.get(name) ?? 0) + 1;
                counts.set(name, count);
                const [range] = finding.addressSpace === 0 ? finding.ranges : [];
                return { kind: 'finding', id: ['finding', vm.place, vm.id, name, count].join(' '), vm, finding, ...(range === undefined ? {} : { range }) };
            }),
            ...unknownNodes(['finding', vm.place, vm.id, 'unknown'].join(' '), list.unknown),
        ];
    }
}

const severityIcons: Record<FindingSeverity, readonly [icon: string, color: string]> = {
    error: ['error', 'problemsErrorIcon.foreground'],
    warning: ['warning', 'problemsWarningIcon.foreground'],
    information: ['info', 'problemsInfoIcon.foreground'],
};

function findingItem({ id, finding, range }: FindingNode): vscode.TreeItem {
    const { l10n } = vscode;
    const { severity, title, explanation, action, ranges, source } = finding;
    const item = new vscode.TreeItem(displayText(title), vscode.TreeItemCollapsibleState.Collapsed);
    const [icon, color] = severityIcons[severity];
    item.id = id;
    item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
    if (ranges.length > 1) item.description = l10n.t('{0} ranges', ranges.length);
    item.contextValue = ['finding', ...traits(action, range)].join(' ');
    item.tooltip = tooltipOf(title, [
        [l10n.t('Why'), explanation],
        [l10n.t('What helps'), action.text],
        ...(action.command === null ? [] : [[l10n.t('Command'), action.command] as const]),
        [l10n.t('Source'), source],
    ]);
    item.accessibilityInformation = { label: `${severityText(severity)}: ${title}` };
    return item;
}

/** What menus ask for. */
const traits = ({ does }: FindingAction, range: WireRange | undefined): string[] => (range === undefined ? [] : [`does-${does}`, 'convertible']);

function severityText(severity: FindingSeverity): string {
    const { l10n } = vscode;
    return { error: l10n.t('Error'), warning: l10n.t('Warning'), information: l10n.t('Information') }[severity];
}

function details({ id, finding }: FindingNode): DetailNode[] {
    const { l10n } = vscode;
    const { explanation, action, guestMemfd, seen } = finding;
    const parts = new Details(id);
    const inFile = (guestMemfd?.ranges ?? []).map(({ offset, size }) =>
        parts.one(l10n.t('Offset'), `${offset}+${size} · ${displaySize(size)}`, { copyText: `${offset}+${size}` }),
    );
    return [
        parts.one(l10n.t('Why'), displayWhole(explanation)),
        parts.one(l10n.t('What helps'), displayWhole(action.text)),
        ...(action.command === null ? [] : [parts.one(l10n.t('Command'), action.command, { copyText: action.command })]),
        ...(seen === null ? [] : [parts.one(l10n.t('Seen'), seenText(seen))]),
        ...(guestMemfd === null ? [] : parts.several(l10n.t('In guest_memfd {0}', guestMemfd.inode), l10n.t('{0} ranges', inFile.length), inFile)),
    ];
}

/** Sentences that name what others chose: no control characters, nothing cut. */
const displayWhole = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');

function seenText({ from, to, times, perSecond, threads, vcpus }: FindingSeen): string {
    const { l10n } = vscode;
    const at = (microseconds: number) => new Date(microseconds / 1000).toLocaleTimeString(vscode.env.language);
    return [
        l10n.t('{0} times, {1} to {2}', times, at(from), at(to)),
        ...(perSecond === null ? [] : [l10n.t('{0} a second', Number(perSecond.toPrecision(2)))]),
        ...(threads.length === 0 ? [] : [l10n.t('threads {0}', threads.join(', '))]),
        ...(vcpus.length === 0 ? [] : [l10n.t('vCPUs {0}', vcpus.join(', '))]),
    ].join(' · ');
}

const rangeNode = ({ id, vm, finding }: FindingNode, range: WireRange): RangeNode => ({
    kind: 'range',
    id: `${id} ${rangeText(range)}`,
    vm,
    finding,
    range,
    copyText: rangeText(range),
});

function rangeItem(node: RangeNode): vscode.TreeItem {
    const { id, range, finding } = node;
    const item = new vscode.TreeItem(rangeText(range));
    item.id = id;
    item.description = displaySize(range.size);
    item.contextValue = ['range address', ...(finding.addressSpace === 0 ? traits(finding.action, range) : [])].join(' ');
    item.tooltip = vscode.l10n.t('{0} pages from {1}', String((parseHex(range.size) ?? 0n) / 4096n), range.gpa);
    if (finding.addressSpace === 0) item.command = { command: 'guestmem.map.show' satisfies CommandId, title: '', arguments: [node] };
    return item;
}

export function registerFindingTree(store: VmStore, findings: VmFindings): { tree: FindingTree; view: vscode.TreeView<Node> } {
    const tree = new FindingTree(findings);
    const options = { treeDataProvider: tree, showCollapseAll: true };
    const view = vscode.window.createTreeView<Node>('guestmem.findings' satisfies ViewId, options);
    const watch = () => (findings.watched = view.visible);
    watch();
    view.onDidChangeVisibility(watch);
    findings.onDidChange(() => tell(view, findings, store));
    return { tree, view };
}

/** What the view says beside the tree: that it looks, that nothing was found, or what went wrong; and how many need attention. */
function tell(view: vscode.TreeView<Node>, { state }: VmFindings, store: VmStore): void {
    const { l10n } = vscode;
    const count = state.kind === 'ready' ? state.list.findings.filter(({ severity }) => severity !== 'information').length : 0;
    view.badge = count === 0 ? undefined : { value: count, tooltip: l10n.t('{0} findings that cost memory or fail', count) };
    view.message = store.active === undefined ? '' : messageOf(state);
}

function messageOf(state: FindingsState): string {
    const { l10n } = vscode;
    switch (state.kind) {
        case 'none':
            return '';
        case 'reading':
            return l10n.t('Looking at every page…');
        case 'failed':
            return state.error.message;
        case 'ready':
            return state.list.findings.length === 0 ? l10n.t('Nothing wrong or wasteful was found.') : '';
    }
}
