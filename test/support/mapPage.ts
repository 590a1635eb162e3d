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

/** In CSS pixels of the window. */
export interface Place {
    readonly x: number;
    readonly y: number;
}

export interface Picture {
    /** In base64. */
    readonly png: string;
    /** Where it was in the window. */
    readonly left: number;
    readonly top: number;
}

/** WebGL is drawn in software. */
export const chromiumFlags = ['--no-sandbox', '--disable-gpu', '--enable-unsafe-swiftshader'];

export type Theme = keyof MapColor['defaults'];

/** The page as `window` sees it. */
interface MapWindow extends Window {
    sent: MapRequest[];
    saved: unknown;
    /** Frames that the map has asked for and not drawn yet. */
    awaited: number;
    nextFrame(): Promise<unknown>;
    /** The pretended host's end, where there is one. */
    receive?: (request: MapRequest) => void;
    acquireVsCodeApi?: () => object;
}

/** What VS Code sets on a page. */
export function styleOf(theme: Theme): string {
    const [foreground, background] = theme === 'dark' || theme === 'highContrast' ? ['#cccccc', '#1f1f1f'] : ['#3b3b3b', '#ffffff'];
    const names = Object.keys(mapColors) as MapColorName[];
    return [
        ...names.map((name) => `${colorVariable(name)}: ${mapColors[name].defaults[theme]}`),
        `--vscode-foreground: ${foreground}; --vscode-descriptionForeground: ${foreground}; --vscode-editor-background: ${background}`,
        '--vscode-focusBorder: #0078d4; --vscode-editorWarning-foreground: #cca700; --vscode-font-family: sans-serif; --vscode-editor-font-family: monospace; --vscode-font-size: 13px',
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
        for (const style of ['controls', 'table', 'pageMap', 'timeline']) await page.addStyleTag({ content: readFileSync(`media/${style}.css`, 'utf8') });
        await page.evaluate((state) => {
            const map = window as unknown as MapWindow;
            map.sent = [];
            map.saved = state;
            map.awaited = 0;
            const next = window.requestAnimationFrame.bind(window);
            map.nextFrame = () => new Promise(next);
            window.requestAnimationFrame = (callback) => {
                map.awaited++;
                return next((time) => {
                    map.awaited--;
                    callback(time);
                });
            };
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
        }, styleOf(theme));
        await this.painted();
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
                // Not Uint8Array.from(), which takes a hundred times longer than the map itself takes for the tiles.
                const bytesOf = (text: string) => {
                    const characters = atob(text);
                    const bytes = new Uint8Array(characters.length);
                    for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
                    return bytes.buffer;
                };
                const restored = columns.map(({ name, text }) => makers[name]?.(bytesOf(text)));
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
            await this.painted();
            if (this.host === undefined) return;
        }
    }

    /** The map asks for a frame as long as there is something left to paint; what changes it may itself come with a frame. */
    private async painted(): Promise<void> {
        await this.page.evaluate(async () => {
            const map = window as unknown as MapWindow;
            for (let still = 0; still < 3; still = map.awaited === 0 ? still + 1 : 0) {
                await new Promise((resolve) => setTimeout(resolve, 0));
                await map.nextFrame();
            }
        });
    }

    /** The map without cursor and selection, which tint what lies below them. */
    async picture(): Promise<Picture> {
        const box = await this.page.locator('canvas.pages').boundingBox();
        if (box === null) throw new Error('the page has no map');
        const style = '.map > :not(.pages) { visibility: hidden !important }';
        const png = (await this.page.screenshot({ clip: box, style })).toString('base64');
        return { png, left: box.x, top: box.y };
    }

    /** The places, in CSS pixels of the window, of the map's pixels in exactly this colour. */
    async pixels(color: string): Promise<Place[]> {
        return this.places(await this.picture(), { color });
    }

    /** Where the picture differs from an earlier one. */
    async differences(picture: Picture, earlier: Picture): Promise<Place[]> {
        return this.places(picture, { earlier: earlier.png });
    }

    private places(picture: Picture, wanted: { readonly color: string } | { readonly earlier: string }): Promise<Place[]> {
        return this.page.evaluate(
            async ([{ png, left, top }, what]) => {
                const read = async (text: string) => {
                    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
                    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }), { colorSpaceConversion: 'none' });
                    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
                    if (context === null) throw new Error('the picture cannot be read');
                    context.drawImage(image, 0, 0);
                    return context.getImageData(0, 0, image.width, image.height);
                };
                const { data, width } = await read(png);
                const pixels = new Uint32Array(data.buffer);
                const other = 'earlier' in what ? new Uint32Array((await read(what.earlier)).data.buffer) : null;
                // Bytes are red, green, blue, alpha, from the lowest on.
                const color = 'color' in what ? [5, 3, 1].reduce((word, at) => word * 256 + parseInt(what.color.slice(at, at + 2), 16), 255) : 0;
                const places: { x: number; y: number }[] = [];
                pixels.forEach((pixel, i) => {
                    if (other === null ? pixel !== color : pixel === other[i]) return;
                    places.push({ x: left + ((i % width) + 0.5) / devicePixelRatio, y: top + (Math.floor(i / width) + 0.5) / devicePixelRatio });
                });
                return places;
            },
            [picture, wanted] as const,
        );
    }
}
