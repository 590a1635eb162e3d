import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** The folders that the webview may load from. */
export const resourceFolders = ['dist', 'media'] as const;

const escapeAttribute = (text: string): string =>
    text.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);

/** The page of the map: nothing is allowed but its own script and style sheet. */
export function pageMapHtml(webview: vscode.Webview, extensionUri: vscode.Uri): string {
    const nonce = randomBytes(16).toString('base64');
    const resource = (...path: string[]) => webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, ...path)).toString();
    const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${webview.cspSource}`;
    return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="l10n" content="${escapeAttribute(JSON.stringify(vscode.l10n.bundle ?? {}))}">
<link rel="stylesheet" href="${resource('media', 'pageMap.css')}">
<title>${vscode.l10n.t('Page Map')}</title>
</head>
<body>
<script nonce="${nonce}" src="${resource('dist', 'pageMap.js')}"></script>
</body>
</html>`;
}
