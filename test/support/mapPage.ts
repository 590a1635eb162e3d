/** The page map alone in a page of headless Chromium, with a pretended host: for maps that no VM here has. */
import { readFileSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { colorVariable, mapColors, type MapColor, type MapColorName } from '../../src/common/mapColors';
import type { MapEvent, MapQuestion, MapRequest } from '../../src/common/mapMessages';
import { chromiumPath } from './workbench';

/** Where the map's messages go, and its events come from. */
export interface PretendedHost {
    readonly requests: readonly MapRequest[];
    /** How many of them are not answered yet. */
    readonly pending: number;
    send: (event: MapEvent) => Promise<void>;
    receive(request: MapRequest): Promise<void>;
}

export interface MapPageOptions extends BrowserContextOptions {
    /** What an earlier page had kept with setState. */
    readonly saved?: unknown;
    /** Gets what the map asks for, and sends it events. */
    readonly host?: PretendedHost;
    /** Else the map chooses one. */
    readonly renderer?: 'canvas' | 'webgl';
}

/** WebGL is drawn in software. */
const chromiumFlags = ['--no-sandbox', '--disable-gpu', '--enable-unsafe-swiftshader'];

export type Theme = keyof MapColor['defaults'];

/** The page as `window` sees it. */
interface MapWindow extends Window {
    sent: MapRequest[];
    saved: unknown;
    /** The pretended host's end, where there is one. */
    receive?: (request: MapRequest) => void;
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
        private readonly host: PretendedHost | undefined,
    ) {}

    static async open({ saved, host, renderer, ...options }: MapPageOptions = {}): Promise<MapPage> {
        const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumFlags });
        const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options });
        const page = await context.newPage();
        const opened = new MapPage(page, browser, host);
        if (host !== undefined) {
            host.send = (event) => opened.send(event);
            await page.exposeFunction('receive', (request: MapRequest) => host.receive(request));
        }
        await page.setContent(`<!DOCTYPE html><html><body ${renderer === undefined ? '' : `data-renderer="${renderer}"`}></body></html>`);
        await page.addStyleTag({ content: readFileSync('media/pageMap.css', 'utf8') });
        await page.evaluate((state) => {
            const map = window as unknown as MapWindow;
            map.sent = [];
            map.saved = state;
            map.acquireVsCodeApi = () => ({
                postMessage: (request: MapRequest) => {
                    map.sent.push(request);
                    map.receive?.(request);
                },
                getState: () => map.saved,
                setState: (kept: unknown) => (map.saved = kept),
            });
        }, saved);
        await opened.setTheme('dark');
        await page.addScriptTag({ path: 'dist/pageMap.js' });
        return opened;
    }

    /** The numbers of Chromium's processes of a type: "renderer", "GPU". */
    async processes(type: string): Promise<number[]> {
        const session = await this.browser.newBrowserCDPSession();
        const { processInfo } = await session.send('SystemInfo.getProcessInfo');
        return processInfo.filter((process) => process.type === type).map(({ id }) => id);
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

    /** Waits for a question of this type. */
    async question(type: MapQuestion['type']): Promise<MapQuestion> {
        const found = await this.page.waitForFunction(
            (wanted) =>
                (window as unknown as MapWindow).sent.flatMap((request) => (request.type === 'ask' ? [request.about] : [])).findLast((about) => about.type === wanted),
            type,
        );
        return (await found.jsonValue()) as MapQuestion;
    }

    /** Resolves when the map has everything that it asked for and has drawn it. */
    async settled(): Promise<void> {
        for (let seen = -1; seen !== this.host?.requests.length || this.host.pending > 0; ) {
            seen = this.host?.requests.length ?? 0;
            await this.frames(3);
            if (this.host === undefined) return;
        }
    }

    private async frames(count: number): Promise<void> {
        await this.page.evaluate(async (left) => {
            for (let i = 0; i < left; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
        }, count);
    }

    /** The places, in CSS pixels of the window, of the map's pixels in exactly this colour, as a person sees them without cursor and selection. */
    async pixels(color: string): Promise<{ x: number; y: number }[]> {
        const box = await this.page.locator('canvas.pages').boundingBox();
        if (box === null) throw new Error('the page has no map');
        // What lies over the pages tints them.
        const style = '.map > :not(.pages) { visibility: hidden !important }';
        const picture = (await this.page.screenshot({ clip: box, style })).toString('base64');
        return this.page.evaluate(
            async ([png, wanted, left, top]) => {
                const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
                const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }), { colorSpaceConversion: 'none' });
                const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
                if (context === null) throw new Error('the picture cannot be read');
                context.drawImage(image, 0, 0);
                const [red, green, blue] = [1, 3, 5].map((at) => parseInt(wanted.slice(at, at + 2), 16));
                const { data } = context.getImageData(0, 0, image.width, image.height);
                const places: { x: number; y: number }[] = [];
                for (let i = 0; i < data.length; i += 4) {
                    if (data[i] !== red || data[i + 1] !== green || data[i + 2] !== blue) continue;
                    const [column, row] = [(i / 4) % image.width, Math.floor(i / 4 / image.width)];
                    places.push({ x: left + (column + 0.5) / devicePixelRatio, y: top + (row + 0.5) / devicePixelRatio });
                }
                return places;
            },
            [picture, color, box.x, box.y] as const,
        );
    }
}
