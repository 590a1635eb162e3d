import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** The folders that a webview may load from. */
const resourceFolders = ['dist', 'media'] as const;

export interface WebviewPage {
    readonly title: string;
    /** In dist/. */
    readonly script: string;
    /** In media/, later ones over earlier ones. */
    readonly styles: readonly string[];
}

const escapeAttribute = (text: string): string =>
    text.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Gives a webview its page: nothing is allowed there but its own script and style sheets. */
export function loadPage(webview: vscode.Webview, extensionUri: vscode.Uri, { title, script, styles }: WebviewPage): void {
    webview.options = {
        enableScripts: true,
        localResourceRoots: resourceFolders.map((folder) => vscode.Uri.joinPath(extensionUri, folder)),
    };
    const nonce = randomBytes(16).toString('base64');
    const resource = (...path: string[]) => webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, ...path)).toString();
    const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${webview.cspSource}`;
    webview.html = `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="l10n" content="${escapeAttribute(JSON.stringify(vscode.l10n.bundle ?? {}))}">
${styles.map((style) => `<link rel="stylesheet" href="${resource('media', style)}">`).join('\n')}
<title>${escapeAttribute(title)}</title>
</head>
<body>
<script nonce="${nonce}" src="${resource('dist', script)}"></script>
</body>
</html>`;
}
