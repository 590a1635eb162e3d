/** The colours of the current theme, from the CSS variables that VS Code sets on the page. */
import { colorVariable, mapColors, type MapColorName } from '../../common/mapColors';

export interface Palette {
    readonly map: Readonly<Record<MapColorName, string>>;
    readonly foreground: string;
    readonly muted: string;
    readonly background: string;
    readonly focus: string;
    readonly warning: string;
    readonly font: string;
    readonly addressFont: string;
}

export function readPalette(): Palette {
    const style = getComputedStyle(document.body);
    const read = (name: string) => style.getPropertyValue(name).trim();
    const names = Object.keys(mapColors) as MapColorName[];
    return {
        map: Object.fromEntries(names.map((name) => [name, read(colorVariable(name))])) as Record<MapColorName, string>,
        foreground: read('--vscode-foreground'),
        muted: read('--vscode-descriptionForeground'),
        background: read('--vscode-editor-background'),
        focus: read('--vscode-focusBorder'),
        warning: read('--vscode-editorWarning-foreground'),
        font: read('--vscode-font-family'),
        addressFont: read('--vscode-editor-font-family'),
    };
}

/** VS Code marks a change of theme on the body's class, and a change of single colours on the root's style. */
export function onThemeChange(listener: () => void): void {
    const observer = new MutationObserver(listener);
    observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
}
