/** The page map alone in a page of headless Chromium, with a pretended host: for maps that no VM here has. */
import { readFileSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { colorVariable, mapColors, type MapColor, type MapColorName } from '../../src/common/mapColors';
import type { MapEvent, MapRequest } from '../../src/common/mapProtocol';
import { chromiumPath } from './workbench';

export type Theme = keyof MapColor['defaults'];

/** The page as `window` sees it. */
interface MapWindow extends Window {
    sent: MapRequest[];
    saved: unknown;
    acquireVsCodeApi?: () => object;
}

function styleOf(theme: Theme): string {
    const [foreground, background] = theme === 'dark' || theme === 'highContrast' ? ['#cccccc', '#1f1f1f'] : ['#3b3b3b', '#ffffff'];
    const names = Object.keys(mapColors) as MapColorName[];
    return [
        ...names.map((name) => `${colorVariable(name)}: ${mapColors[name].defaults[theme]}`),
        `--vscode-foreground: ${foreground}; --vscode-descriptionForeground: ${foreground}; --vscode-editor-background: ${background}`,
        '--vscode-focusBorder: #0078d4; --vscode-font-family: sans-serif; --vscode-editor-font-family: monospace; --vscode-font-size: 13px',
    ].join('; ');
}

export class MapPage {
    private constructor(
        readonly page: Page,
        private readonly browser: Browser,
    ) {}

    /** `saved` is what an earlier page had kept with setState. */
    static async open(options: BrowserContextOptions = {}, saved?: unknown): Promise<MapPage> {
        const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] });
        const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
        const page = await context.newPage();
        await page.setContent('<!DOCTYPE html><html><body></body></html>');
        await page.addStyleTag({ content: readFileSync('media/pageMap.css', 'utf8') });
        await page.evaluate((state) => {
            const map = window as unknown as MapWindow;
            map.sent = [];
            map.saved = state;
            map.acquireVsCodeApi = () => ({
                postMessage: (request: MapRequest) => map.sent.push(request),
                getState: () => map.saved,
                setState: (kept: unknown) => (map.saved = kept),
            });
        }, saved);
        const opened = new MapPage(page, browser);
        await opened.setTheme('dark');
        await page.addScriptTag({ path: 'dist/pageMap.js' });
        return opened;
    }

    async close(): Promise<void> {
        await this.browser.close();
    }

    async setTheme(theme: Theme): Promise<void> {
        await this.page.evaluate((style) => {
            document.documentElement.setAttribute('style', style);
            // The map is drawn in the next frame.
            return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
        }, styleOf(theme));
    }

    /** What the host would send. Typed arrays, wherever they are in it, cross to the page as text. */
    async send(event: MapEvent): Promise<void> {
        const columns: { name: string; text: string }[] = [];
        const json = JSON.stringify(event, (_key, value: unknown) => {
            if (!ArrayBuffer.isView(value)) return value;
            const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
            columns.push({ name: value.constructor.name, text });
            return { column: columns.length - 1 };
        });
        await this.page.evaluate(
            ({ json, columns }) => {
                const makers: Record<string, (bytes: ArrayBuffer) => ArrayBufferView> = {
                    Uint8Array: (bytes) => new Uint8Array(bytes),
                    Int32Array: (bytes) => new Int32Array(bytes),
                    Uint32Array: (bytes) => new Uint32Array(bytes),
                    Float64Array: (bytes) => new Float64Array(bytes),
                };
                const restored = columns.map(({ name, text }) => makers[name]?.(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer));
                const data: unknown = JSON.parse(json, (_key, value: unknown) => {
                    const column = typeof value === 'object' && value !== null && 'column' in value ? value.column : undefined;
                    return typeof column === 'number' ? restored[column] : value;
                });
                window.dispatchEvent(new MessageEvent('message', { data }));
                // The map is drawn in the next frame.
                return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
            },
            { json, columns },
        );
    }

    sent(): Promise<MapRequest[]> {
        return this.page.evaluate(() => (window as unknown as MapWindow).sent);
    }

    saved(): Promise<unknown> {
        return this.page.evaluate(() => (window as unknown as MapWindow).saved);
    }

    /** Waits for a request of this type. */
    async request<Type extends MapRequest['type']>(type: Type): Promise<Extract<MapRequest, { type: Type }>> {
        const found = await this.page.waitForFunction(
            (wanted) => (window as unknown as MapWindow).sent.findLast((request) => request.type === wanted),
            type,
        );
        return (await found.jsonValue()) as Extract<MapRequest, { type: Type }>;
    }

    /** The places, in CSS pixels of the window, of the drawn pages' pixels in exactly this colour. */
    pixels(color: string): Promise<{ x: number; y: number }[]> {
        return this.page.evaluate((wanted) => {
            const canvas = document.querySelector<HTMLCanvasElement>('canvas.pages');
            const context = canvas?.getContext('2d');
            if (!canvas || !context) throw new Error('the page has no map');
            const [red, green, blue] = [1, 3, 5].map((at) => parseInt(wanted.slice(at, at + 2), 16));
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            const box = canvas.getBoundingClientRect();
            const places: { x: number; y: number }[] = [];
            for (let i = 0; i < data.length; i += 4) {
                if (data[i] !== red || data[i + 1] !== green || data[i + 2] !== blue) continue;
                const [column, row] = [(i / 4) % canvas.width, Math.floor(i / 4 / canvas.width)];
                places.push({ x: box.x + (column + 0.5) / devicePixelRatio, y: box.y + (row + 0.5) / devicePixelRatio });
            }
            return places;
        }, color);
    }
}
