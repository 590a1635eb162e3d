// `npm run test:desktop`: the extension's tests in a desktop VS Code, for machines that can download one and have a
// display; `npm test` runs the same tests in the server's VS Code everywhere.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { Failure, main, root } from './lib/run.mjs';
import { setup } from './setup.mjs';

await main(async () => {
    setup('build');
    build({ tests: true });
    const { runTests } = await import('@vscode/test-electron');
    const folder = mkdtempSync(join(tmpdir(), 'guestmem-desktop-'));
    const results = join(folder, 'results.json');
    const files = readdirSync(join(root, 'test/extension'))
        .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.untrusted.test.ts'))
        .map((name) => join(root, 'out/test/extension', name.replace(/\.ts$/, '.cjs')));
    try {
        await runTests({
            extensionDevelopmentPath: root,
            extensionTestsPath: join(root, 'out/test/extension/index.cjs'),
            extensionTestsEnv: { MOCHA_JSON: results, GUESTMEM_TEST_FILES: JSON.stringify(files) },
            launchArgs: ['--disable-workspace-trust', '--user-data-dir', join(folder, 'user'), folder],
        });
        const { passes, failures } = JSON.parse(readFileSync(results, 'utf8')).stats;
        console.log(`${passes} passed, ${failures} failed`);
    } catch (error) {
        throw new Failure(`the tests in a desktop VS Code failed: ${error.message}`);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
});
