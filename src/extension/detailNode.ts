/** The leaves that memslots and guest_memfds have in common: one fact, "GPA  0x1000+0x2000", that can be copied. */
import * as vscode from 'vscode';
import type { CommandTarget } from './commandTarget';

export interface DetailNode extends CommandTarget {
    readonly kind: 'detail';
    readonly id: string;
    readonly label: string;
    readonly value: string;
}

export function detailItem(node: DetailNode): vscode.TreeItem {
    const item = new vscode.TreeItem(node.label);
    item.id = node.id;
    item.description = node.value;
    item.contextValue = node.copyText === undefined ? 'detail' : 'detail address';
    item.tooltip = `${node.label}: ${node.value}`;
    return item;
}
