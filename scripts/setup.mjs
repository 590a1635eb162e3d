// Makes a fresh clone on a fresh machine ready: system packages, npm packages, Node's headers. What is there already
// is left alone. `node scripts/setup.mjs` prepares for building and testing.
import { nodeHeaders } from './lib/nodeHeaders.mjs';
import { installNodePackages } from './lib/nodePackages.mjs';
import { Failure, isMain, main } from './lib/run.mjs';
import { buildPackages, installSystemPackages, testPackages } from './lib/systemPackages.mjs';

/** `purposes`: 'build' for what compiles, 'test' for what tests and demo use beside it. */
export function setup(...purposes) {
    const [major] = process.versions.node.split('.');
    if (Number(major) < 20) throw new Failure(`Node 20 or newer is needed; this is ${process.version}.`);
    // Debian keeps some tools (bpftool) where only root looks for them.
    process.env.PATH += ':/usr/sbin:/sbin';

    const tables = { build: buildPackages, test: testPackages };
    const headers = nodeHeaders() === undefined ? { 'libnode-dev': "Node's headers, for the addon" } : {};
    installSystemPackages(headers, ...purposes.map((purpose) => tables[purpose]));
    installNodePackages();
}

if (isMain(import.meta.url)) await main(() => setup('build', 'test'));
