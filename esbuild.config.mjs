// Every bundle of the project, from one table. `node esbuild.config.mjs` builds the product into dist/;
// with `--tests` also every test and benchmark (found, not listed) and what runs them into out/.
import { build } from 'esbuild';
import { chmodSync, copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const node = { platform: 'node', target: 'node20', format: 'cjs' };
const shebang = { banner: { js: '#!/usr/bin/env node' } };

const bundles = [
    { entryPoints: ['src/extension/extension.ts'], outfile: 'dist/extension.js', external: ['vscode'], ...node },
    { entryPoints: ['src/agent/agentMain.ts'], outfile: 'dist/agent.js', ...node, ...shebang },
    { entryPoints: ['src/agent/cliMain.ts'], outfile: 'dist/guestmem.js', ...node, ...shebang },
    { entryPoints: ['src/webview/pageMap.ts'], outfile: 'dist/pageMap.js', platform: 'browser', target: 'es2022', format: 'iife' },
    { entryPoints: ['src/webview/account.ts'], outfile: 'dist/account.js', platform: 'browser', target: 'es2022', format: 'iife' },
    { entryPoints: ['src/webview/events.ts'], outfile: 'dist/events.js', platform: 'browser', target: 'es2022', format: 'iife' },
];

const files = (folder, end) =>
    readdirSync(folder, { recursive: true })
        .filter((name) => name.endsWith(end))
        .map((name) => join(folder, name));

if (process.argv.includes('--tests')) {
    bundles.push({
        entryPoints: [
            ...files('test', '.test.ts'),
            ...files('test/support', '.ts'),
            'test/extension/index.ts',
        ],
        outdir: 'out',
        outbase: '.',
        outExtension: { '.js': '.cjs' },
        external: ['vscode', 'mocha', 'playwright-core'],
        ...node,
    });
    bundles.push({
        entryPoints: files('bench', '.bench.ts'),
        outdir: 'out',
        outbase: '.',
        outExtension: { '.js': '.mjs' },
        external: ['playwright-core'],
        ...node,
        format: 'esm',
        // The packages in the bundle are CommonJS and ask for Node's modules with require.
        banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" },
    });
}

if (process.argv.includes('--tests')) {
    // The agent's code looks for the addon beside its bundle, in tests, too.
    mkdirSync('out/test/support', { recursive: true });
    copyFileSync('dist/guestmem.node', 'out/test/support/guestmem.node');
}
await Promise.all(bundles.map((bundle) => build({ bundle: true, sourcemap: true, logLevel: 'warning', ...bundle })));
// They begin with #! and are programs.
for (const { outfile, banner } of bundles) if (outfile !== undefined && banner === shebang.banner) chmodSync(outfile, 0o755);
