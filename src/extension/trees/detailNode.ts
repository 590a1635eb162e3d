/**
 * The leaves that memslots and guest_memfds have in common: one fact, "GPA  0x1000+0x2000", that can be copied; a fact
 * of several parts has them as children. What could not be read is a leaf of its own.
 */
import * as vscode from 'vscode';
import { fieldText } from '../../common/factWords';
import type { Unknown } from '../../common/model';
import type { CommandTarget } from '../commandTarget';
import { tooltipOf } from '../displayText';

export interface DetailNode extends CommandTarget {
    readonly kind: 'detail';
    readonly id: string;
    readonly label: string;
    readonly value: string;
    /** A codicon that warns. */
    readonly warning?: boolean;
    readonly children?: readonly DetailNode[];
}

/** Makes leaves whose ids begin with that of their parent. */
export class Details {
    constructor(private readonly parentId: string) {}

    one(label: string, value: string, more: Partial<DetailNode> = {}): DetailNode {
        return { kind: 'detail', id: `${this.parentId} ${label} ${value}`, label, value, ...more };
    }

    /** None for no part; a single part is the fact itself; several are its children. */
    several(label: string, summary: string, parts: readonly DetailNode[]): DetailNode[] {
        const [only] = parts;
        if (only === undefined) return [];
        return parts.length === 1 ? [{ ...only, label }] : [this.one(label, summary, { children: parts })];
    }
}

export function detailItem(node: DetailNode): vscode.TreeItem {
    const { None, Collapsed } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(node.label, node.children === undefined ? None : Collapsed);
    item.id = node.id;
    item.description = node.value;
    item.contextValue = node.copyText === undefined ? 'detail' : 'detail address';
    item.tooltip = `${node.label}: ${node.value}`;
    if (node.warning === true) item.iconPath = warningIcon();
    return item;
}

export const warningIcon = (): vscode.ThemeIcon => new vscode.ThemeIcon('warning', new vscode.ThemeColor('problemsWarningIcon.foreground'));

export interface UnknownNode {
    readonly kind: 'unknown';
    readonly id: string;
    readonly unknown: readonly Unknown[];
}

/** None when everything could be read. */
export function unknownNodes(id: string, unknown: readonly Unknown[]): UnknownNode[] {
    return unknown.length === 0 ? [] : [{ kind: 'unknown', id, unknown }];
}

export function unknownItem({ id, unknown }: UnknownNode): vscode.TreeItem {
    const item = new vscode.TreeItem(vscode.l10n.t('Not everything could be read'));
    item.id = id;
    item.iconPath = warningIcon();
    item.tooltip = tooltipOf(vscode.l10n.t('Not known'), unknown.map(({ field, reason }) => [fieldText(field), reason] as const));
    return item;
}
