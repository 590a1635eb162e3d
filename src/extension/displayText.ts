/**
 * Names of processes, VMs and files are written by others. In a label they are cut, stripped of control and direction
 * characters, and cannot form a `$(codicon)`.
 */
import * as vscode from 'vscode';
import { formatSize, parseHex, type Hex } from '../common/address';

const longest = 80;

const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export function displayText(name: string): string {
    const plain = plainText(name).replaceAll('$(', '$ (');
    return plain.length > longest ? `${plain.slice(0, longest - 1)}…` : plain;
}

/** A line that may hold what others chose, whole, for a document. */
export const plainText = (line: string): string => line.replace(controls, '\u{fffd}');

/** A size of the wire for people: "1 GiB". */
export function displaySize(size: Hex): string {
    return formatSize(parseHex(size) ?? 0n);
}

/**
 * Appends text as text. VS Code makes every blank unbreakable, so that a long line would break within a word: here the
 * blanks between words stay blanks.
 */
export function appendWords(markdown: vscode.MarkdownString, text: string): void {
    text.split(' ').forEach((word, index) => {
        if (index > 0) markdown.appendMarkdown(' ');
        markdown.appendText(word);
    });
}

/** A tooltip of lines "label: value"; values are appended as text, never as Markdown. */
export function tooltipOf(title: string, lines: readonly (readonly [label: string, value: string])[]): vscode.MarkdownString {
    const tooltip = new vscode.MarkdownString();
    tooltip.appendMarkdown('**').appendText(title).appendMarkdown('**');
    for (const [label, value] of lines) {
        tooltip.appendMarkdown('  \n');
        appendWords(tooltip, `${label}: ${value}`);
    }
    return tooltip;
}

/** When something was taken: "12:04:01". */
export const displayTime = (time: string): string => new Date(time).toLocaleTimeString(vscode.env.language);
