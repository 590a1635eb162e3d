/** A window of VS Code in headless Chromium, driven as a person would. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { chromium, type Browser, type FrameLocator, type Locator, type Page } from 'playwright-core';
import type { CodeServer } from './codeServer';
import { until } from './until';

export interface WindowOptions {
    /** The folder that the window opens. */
    readonly folder: string;
    /** Loads the extension of this folder; needs CodeServerOptions.development. */
    readonly extensionFolder?: string;
    /** A compiled module whose `run()` the extension host executes; needs `extensionFolder`. */
    readonly extensionTests?: string;
    readonly width?: number;
    readonly height?: number;
    /** Receives what the window's console says. */
    readonly onConsole?: (text: string) => void;
}

export const chromiumPath = '/usr/bin/chromium';
export const chromiumMissing = (): string | undefined =>
    existsSync(chromiumPath) ? undefined : `there is no ${chromiumPath} (apt-get install chromium)`;

// Chromium's sandbox does not work for root; the rest keeps it from asking the network.
const chromiumFlags = [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    ...['--disable-component-update', '--disable-sync', '--enable-unsafe-swiftshader'],
];

/** VS Code takes over what a webview saves when it is idle, every few seconds; no condition tells that it did. */
const savingTime = 12_000;

export class Workbench {
    private constructor(
        readonly page: Page,
        /** Resolves with VS Code's own exit code when the extension tests have ended; it is 0 after a crash, too. */
        readonly testsEnded: Promise<number>,
        private readonly browser: Browser,
    ) {}

    static async open(server: CodeServer, options: WindowOptions): Promise<Workbench> {
        const browser = await chromium.launch({ executablePath: chromiumPath, headless: true, args: chromiumFlags });
        try {
            const viewport = { width: options.width ?? 1400, height: options.height ?? 900 };
            const context = await browser.newContext({ viewport });
            await context.grantPermissions(['clipboard-read', 'clipboard-write']);
            const page = await context.newPage();
            const { onConsole } = options;
            if (onConsole !== undefined) page.on('console', (message) => onConsole(message.text()));
            // VS Code calls these in its page when it runs extension tests.
            let ended: (code: number) => void = () => undefined;
            const testsEnded = new Promise<number>((resolve) => (ended = resolve));
            await page.exposeFunction('codeAutomationExit', ended);
            await page.exposeFunction('codeAutomationLog', (_type: string, words: unknown[]) =>
                onConsole?.(words.map(String).join(' ')),
            );
            await page.goto(windowUrl(server, options));
            await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
            return new Workbench(page, testsEnded, browser);
        } catch (error) {
            await browser.close();
            throw error;
        }
    }

    async close(): Promise<void> {
        await this.browser.close();
    }

    /** Shows a view container of the activity bar. */
    async showContainer(title: string): Promise<void> {
        const action = this.page.locator(`.activitybar .action-item:has(.action-label[aria-label^="${title}"])`);
        await action.waitFor();
        const checked = (await action.getAttribute('class'))?.includes('checked') ?? false;
        if (!checked) await action.click();
    }

    /** A view in the side bar, by its title. */
    view(title: string): Locator {
        return this.page.locator(`.split-view-view:has(> .pane > .pane-header[aria-label^="${title}"])`);
    }

    /** The rows of a view that contain `text`. */
    rows(view: string, text: string | RegExp = ''): Locator {
        return this.view(view).locator('.monaco-list-row').filter({ hasText: text });
    }

    /** The row of a process's VM; names alone are no more than words that other rows may have. */
    vm(pid: number): Locator {
        return this.rows('Virtual Machines', new RegExp(`pid ${pid}\\b`));
    }

    /** Runs a command by its title, as the palette shows it ("Guestmem: Refresh"). */
    async runCommand(title: string): Promise<void> {
        await this.pick('F1', `>${title}`, title);
    }

    /** Takes the row with this text of the list that is open, or about to open. */
    async answer(text: string): Promise<void> {
        const input = this.page.locator('.quick-input-widget input.input');
        await input.waitFor();
        await input.fill(text);
        // Return would take what is first in a list that is not filtered yet, or nothing of one that is still empty.
        await this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first().click();
    }

    /** The document of a webview; of several, in the order in which they were opened. */
    webview(which = 0): FrameLocator {
        return this.page.locator('iframe.webview.ready').nth(which).contentFrame().frameLocator('iframe#active-frame');
    }

    /** Loads the window anew, with all that webviews have saved. */
    async reload(): Promise<void> {
        await this.page.waitForTimeout(savingTime);
        await this.page.reload();
    }

    /** Opens a file of the window's folder in the editor that it has. */
    async openInItsEditor(name: string): Promise<void> {
        await this.pick('Control+P', name, name);
    }

    /** Opens a file of the window's folder in a text editor. */
    async openFile(name: string): Promise<void> {
        await this.openInItsEditor(name);
        await this.page.locator('.monaco-editor .view-line').first().waitFor();
    }

    /** Rests the mouse on `text` in the active editor and gives the hover's content. */
    async hover(text: string): Promise<Locator> {
        const content = this.page.locator('.monaco-hover:not(.hidden) .hover-contents');
        for (let attempt = 1; ; attempt++) {
            const { x, y } = await this.placeOf(text);
            await this.page.mouse.move(x, y, { steps: 5 });
            try {
                await content.first().waitFor({ timeout: 5000 });
                return content;
            } catch (error) {
                // Where the mouse rested before there was anybody to explain it, nothing comes until it rests there anew.
                if (attempt === 10) throw error;
                await this.page.mouse.move(0, 0);
            }
        }
    }

    /** In the active editor, in pixels of the window. */
    private async placeOf(text: string): Promise<{ readonly x: number; readonly y: number }> {
        const line = this.page.locator('.view-line').filter({ hasText: text }).first();
        await line.waitFor();
        const place = await line.evaluate((element, wanted) => {
            const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
            for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
                const start = node.textContent?.indexOf(wanted) ?? -1;
                if (start < 0) continue;
                const range = document.createRange();
                range.setStart(node, start);
                range.setEnd(node, start + wanted.length);
                const box = range.getBoundingClientRect();
                return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
            }
            return undefined;
        }, text);
        if (place === undefined) throw new Error(`'${text}' is not in one piece in the editor`);
        return place;
    }

    /** Types into a quick pick and takes the row with `label`. An open pick does not learn of extensions that come up; a window that does hears no keys. */
    private async pick(key: string, text: string, label: string): Promise<void> {
        const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: label }).first();
        for (let attempt = 1; ; attempt++) {
            try {
                await this.page.keyboard.press(key);
                await this.page.locator('.quick-input-widget input.input').fill(text, { timeout: 3000 });
                await row.waitFor({ timeout: 3000 });
                break;
            } catch (error) {
                if (attempt === 10) throw error;
                await this.page.keyboard.press('Escape');
            }
        }
        await row.click();
    }

    /** Takes an entry of the menu that is open, and again if need be: one just opened hears no clicks for a moment. */
    async chooseInMenu(name: string): Promise<void> {
        const entry = this.page.locator('.monaco-menu').getByRole('menuitem', { name, exact: true });
        const isGone = () => entry.waitFor({ state: 'hidden', timeout: 5000 }).then(() => true, () => false);
        // It may go while it is being clicked again.
        do await entry.click({ timeout: 5000 }).catch(() => undefined);
        while (!(await isGone()));
    }

    /** The text of the clipboard, once it is like `pattern`: the extension host sets it some time after the click. */
    async copiedText(pattern: RegExp): Promise<string> {
        const text = () => this.page.evaluate(() => navigator.clipboard.readText());
        await until(`${pattern} is copied`, async () => pattern.test(await text()));
        return text();
    }

    /** The button `name` of the dialog that is open. */
    dialogButton(name: string): Locator {
        return this.page.locator('.monaco-dialog-box').getByRole('button', { name });
    }
}

function windowUrl(server: CodeServer, options: WindowOptions): string {
    const url = new URL(server.url);
    const remote = (path: string) => `vscode-remote://${url.host}${resolve(path)}`;
    const payload: [string, string][] = [['skipWelcome', 'true']];
    if (options.extensionFolder !== undefined) {
        payload.push(['extensionDevelopmentPath', remote(options.extensionFolder)], ['enableProposedApi', '']);
    }
    if (options.extensionTests !== undefined) payload.push(['extensionTestsPath', remote(options.extensionTests)]);
    url.searchParams.set('folder', resolve(options.folder));
    url.searchParams.set('payload', JSON.stringify(payload));
    return url.href;
}
