// Builds everything, from a fresh clone: `npm run build`; with `--tests` also the tests. Each step skips what it finds
// up to date.
import { isMain, main, root, run } from './lib/run.mjs';
import { setup } from './setup.mjs';
import { join } from 'node:path';

export function build({ tests = false } = {}) {
    const script = (path, ...words) => run(process.execPath, [join(root, path), ...words]);
    script('scripts/buildNative.mjs');
    script('scripts/buildDemo.mjs');
    script('esbuild.config.mjs', ...(tests ? ['--tests'] : []));
}

if (isMain(import.meta.url)) {
    await main(() => {
        setup('build');
        build({ tests: process.argv.includes('--tests') });
    });
}
