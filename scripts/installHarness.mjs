// Installs test/harness (a whole VS Code with its own Node, 500 MB) into the cache, once for each lock file, and prints
// its folder. VS Code's desktop build cannot be fetched everywhere; this one comes from the npm registry.
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cachePath, isMain, main, npm, root } from './lib/run.mjs';

// Parts of VS Code that neither the tests nor the demo use; they would only take disk space.
const unused = [
    'node_modules/@github',
    'node_modules/@microsoft/mxc-sdk',
    'extensions/copilot',
    'extensions/mermaid-markdown-features',
];

export function installHarness() {
    const source = join(root, 'test/harness');
    const target = cachePath('harness', join(source, 'package-lock.json'));
    if (existsSync(target)) return target;

    console.error('guestmem: installing VS Code for tests and demo into the cache (once, about a minute)');
    const staging = mkdtempSync(`${target}-`);
    try {
        for (const name of ['package.json', 'package-lock.json']) cpSync(join(source, name), join(staging, name));
        npm(['ci'], { cwd: staging, stdio: ['ignore', 2, 2] });
        const vscode = join(staging, 'node_modules/code-server/lib/vscode');
        npm(['install', '--omit=dev'], { cwd: vscode, stdio: ['ignore', 2, 2] });
        for (const path of unused) rmSync(join(vscode, path), { recursive: true, force: true });
        // Complete or absent: another script may be looking, or installing, at the same time.
        if (!existsSync(target)) renameSync(staging, target);
    } finally {
        rmSync(staging, { recursive: true, force: true });
    }
    return target;
}

if (isMain(import.meta.url)) await main(() => console.log(installHarness()));
