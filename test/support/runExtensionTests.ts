/**
 * `node runExtensionTests.cjs trusted|untrusted RESULT FILE…`: runs compiled test files in the extension host of a real
 * VS Code, in a window whose folder is trusted or not. Only mocha's own JSON in the file RESULT tells how they went: VS
 * Code also reports success for an extension host that crashed.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodeServer } from './codeServer';
import { Workbench } from './workbench';

/** Milliseconds for all of them; it only ends an extension host that hangs. */
const testTimeout = 20 * 60_000;

/** The part of mocha's JSON that is printed here. */
interface Results {
    readonly passes: readonly { readonly fullTitle: string }[];
    readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly stack: string } }[];
}

async function runTests(workspaceTrust: boolean, result: string, files: readonly string[]): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'guestmem-workspace-'));
    const environment = {
        MOCHA_JSON: result,
        GUESTMEM_TEST_FILES: JSON.stringify(files.map((file) => resolve(file))),
        // Where the agent keeps its record of changes.
        XDG_STATE_HOME: folder,
    };
    const server = await CodeServer.start({ development: true, workspaceTrust, environment, extensions: ['test/extension/fixtures/gdbAdapter'] });
    const said: string[] = [];
    try {
        const window = await Workbench.open(server, {
            folder,
            extensionFolder: '.',
            extensionTests: 'out/test/extension/index.cjs',
            onConsole: (text) => said.push(text),
        });
        try {
            await Promise.race([window.testsEnded, sleep(testTimeout, undefined, { ref: false })]);
        } finally {
            await window.close();
        }
    } finally {
        await server.close();
        rmSync(folder, { recursive: true, force: true });
    }
    if (!existsSync(result)) {
        throw new Error(`The extension host ended without a result; the window said last:\n${said.slice(-20).join('\n')}`);
    }
    const { passes, failures } = JSON.parse(readFileSync(result, 'utf8')) as Results;
    for (const { fullTitle } of passes) console.log(`    ✔ ${fullTitle}`);
    for (const { fullTitle, err } of failures) console.log(`    FAILED ${fullTitle}\n${err.stack}`);
}

const [trust, result, ...files] = process.argv.slice(2);
if (result === undefined) throw new Error('Usage: node runExtensionTests.cjs trusted|untrusted RESULT FILE…');
void runTests(trust === 'untrusted', result, files);
