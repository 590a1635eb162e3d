/** The webview's texts in the language of the window; the extension host writes VS Code's own bundle into the page. */
let bundle: Readonly<Record<string, string>> = {};

/** `written` is the JSON of vscode.l10n.bundle; anything else leaves the texts English. */
export function useBundle(written: string | undefined): void {
    const read: unknown = JSON.parse(written ?? '{}');
    const texts = typeof read === 'object' && read !== null ? Object.entries(read) : [];
    bundle = Object.fromEntries(texts.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Like vscode.l10n.t: the text is its own key, {0} stands for the first value. */
export function t(text: string, ...values: readonly (string | number)[]): string {
    return (bundle[text] ?? text).replace(/\{(\d+)\}/g, (place, index: string) => String(values[Number(index)] ?? place));
}
