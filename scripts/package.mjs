// Packs what `npm run build` made into guestmem-linux-x64-VERSION.vsix: `npm run package`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { isMain, log, main, root, run } from './lib/run.mjs';
import { setup } from './setup.mjs';

const target = 'linux-x64';

/** Gives the path of the package; expects a finished build. */
export function packageExtension() {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const path = join(root, `${manifest.name}-${target}-${manifest.version}.vsix`);
    writeFileSync(join(root, 'dist/THIRD_PARTY_NOTICES.txt'), notices(Object.keys(manifest.dependencies)));
    const words = ['package', '--no-dependencies', '--target', target, '--out', path];
    // The pictures of the README are in the package; there is no address to rewrite them to.
    run(process.execPath, [join(root, 'node_modules/@vscode/vsce/vsce'), ...words, '--allow-missing-repository', '--no-rewrite-relative-links'], {
        stdio: ['ignore', 'ignore', 'inherit'],
    });
    return path;
}

/** The licences of the packages that the bundles contain. */
function notices(packages) {
    const parts = packages.map((name) => {
        const folder = join(root, 'node_modules', name);
        const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
        const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
        return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    });
    return `Guestmem contains the following packages.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

if (isMain(import.meta.url)) {
    await main(() => {
        setup('build');
        build();
        log(`packed ${packageExtension()}`);
    });
}
