/** One window of a real VS Code, with this extension loaded from its folder, for a whole suite. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodeServer } from './codeServer';
import { Workbench } from './workbench';

const pictures = 'out/screenshots';
/** Milliseconds for a test: a window and its server, on a busy machine with few processors. */
const patience = 240_000;

export interface SuiteWindow {
    readonly window: Workbench;
    /** Leaves out/screenshots/NAME.png. */
    readonly picture: (name: string) => Promise<void>;
}

/**
 * Call it inside `describe`, after what the settings need; the function it returns gives the window to the tests. `fill`
 * puts files into the folder that the window opens.
 */
export function suiteWindow(machineSettings: () => Readonly<Record<string, unknown>>, fill: (folder: string) => void = () => undefined): () => SuiteWindow {
    let server: CodeServer | undefined;
    let window: Workbench | undefined;
    const folder = mkdtempSync(join(tmpdir(), 'guestmem-ui-'));
    before('open VS Code', async function () {
        this.timeout(patience);
        mkdirSync(pictures, { recursive: true });
        fill(folder);
        server = await CodeServer.start({
            development: true,
            settings: { 'workbench.colorTheme': 'Default Dark Modern' },
            machineSettings: machineSettings(),
        });
        window = await Workbench.open(server, { folder, extensionFolder: '.' });
        window.page.setDefaultTimeout(60_000);
    });
    beforeEach(function () {
        this.currentTest?.timeout(patience);
    });
    afterEach('picture what failed', async function () {
        const { currentTest } = this;
        if (currentTest?.state !== 'failed' || window === undefined) return;
        const name = currentTest.fullTitle().replaceAll(/[^a-z0-9]+/gi, '-');
        await window.page.screenshot({ path: join(pictures, `failed-${name}.png`) });
    });
    after('close VS Code', async () => {
        await window?.close();
        await server?.close();
        rmSync(folder, { recursive: true, force: true });
    });
    return () => {
        assert(window !== undefined, 'VS Code was not opened');
        const opened = window;
        return {
            window: opened,
            picture: async (name) => {
                await opened.page.screenshot({ path: join(pictures, `${name}.png`) });
            },
        };
    };
}
