// `npm run demo`: sets up, builds, packs, then starts the demo VMM and a VS Code with the packaged extension and prints
// its address; ctrl-C ends all of it. `npm run demo -- --screenshots DIR` takes pictures of it instead, and ends.
import { existsSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { findTestKernel } from './buildTestKernel.mjs';
import { installHarness } from './installHarness.mjs';
import { Failure, log, main, root } from './lib/run.mjs';
import { asRoot } from './lib/systemPackages.mjs';
import { packageExtension } from './package.mjs';
import { setup } from './setup.mjs';

await main(async () => {
    const pictures = picturesFolder(process.argv.slice(2));
    setup('build', 'test');
    build({ tests: true });
    const extensionPackage = packageExtension();
    installHarness();
    const prefix = asRoot();
    if (prefix === undefined) throw new Failure('the agent and the demo VMM need root: run this as root, or where `sudo -n true` works.');
    if (!existsSync('/dev/kvm')) throw new Failure('there is no /dev/kvm: this machine cannot run virtual machines.');

    process.chdir(root);
    const { DemoSession } = await load('demoSession');
    const session = await DemoSession.start({
        extensionPackage,
        asRoot: prefix,
        testKernel: findTestKernel({ build: false }),
        say: log,
    });
    try {
        if (pictures === undefined) {
            log(`VS Code is at ${session.server.url}&folder=${encodeURIComponent(session.folder)}`);
            log('open it in a browser, then the Guestmem view in the activity bar; ctrl-C ends it');
            await interrupted();
        } else {
            const { takePictures } = await load('demoPictures');
            await takePictures(session, pictures);
            log(`the pictures are in ${pictures}`);
        }
    } finally {
        await session.close();
    }
});

function picturesFolder([option, folder, ...rest]) {
    if (option === undefined) return undefined;
    if (option !== '--screenshots' || folder === undefined || rest.length > 0) {
        throw new Failure('usage: npm run demo [-- --screenshots DIR]');
    }
    mkdirSync(folder, { recursive: true });
    return resolve(folder);
}

function load(name) {
    return import(pathToFileURL(resolve('out/test/support', `${name}.cjs`)).href);
}

function interrupted() {
    return new Promise((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve);
    });
}
